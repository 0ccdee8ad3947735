/** `@Inject(CONFIG) config: Config` */
export const CONFIG = Symbol('config');
/** `@Inject(POOL) pool: pg.Pool`: the process's connections to PostgreSQL. The pool ends after every other module has stopped. */
export const POOL = Symbol('pool');
