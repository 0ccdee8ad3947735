/**
 * SQL, for a column of a statement in the append's transaction: whatever the database's default is, its COMMIT is answered
 * when it is on the disk. The stronger settings (`remote_write`, `remote_apply`) and `local` stay as they are.
 */
export const DURABLE = `CASE WHEN current_setting('synchronous_commit') = 'off'
              THEN set_config('synchronous_commit', 'on', true) END AS durable`;
