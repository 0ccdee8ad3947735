/** `@Inject(CONFIG) config: Config` */
export const CONFIG = Symbol('config');
/** `@Inject(POOL) pool: pg.Pool`: the process's connections to PostgreSQL. The pool ends after every other module has stopped. */
export const POOL = Symbol('pool');
/**
 * `@Inject(RESERVED) pool: pg.Pool`: connections that questions and events cannot take, for what has to be quick while all others are
 * taken: keys and health.
 */
export const RESERVED = Symbol('reserved');
