/** `@Inject(CONFIG) config: Config` */
export const CONFIG = Symbol('config');
/** `@Inject(POOL) pool: pg.Pool`: the process's connections to PostgreSQL. Ended when every other module has stopped. */
export const POOL = Symbol('pool');
