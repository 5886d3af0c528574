// Pools of pg as tests make them.
import pg from 'pg';

/**
 * `end()` resolves before the connections are closed (pg-pool 3, `_remove`): a database that goes down
 * right after it still tells them so, and an error that nobody hears ends the process.
 */
export function createPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
