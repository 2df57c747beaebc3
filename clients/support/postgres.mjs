// A PostgreSQL of its own for a test: on loopback, in a temporary folder, gone with it.

import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, run, temporaryFolder, until } from './server.mjs';

/** Debian keeps the server's programs out of PATH, a folder for each version. */
async function programs() {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  if (versions.length === 0) throw new Error('there is no PostgreSQL server: apt-get install postgresql');
  return join('/usr/lib/postgresql', versions.sort((a, b) => b - a)[0], 'bin');
}

/** Starts one. `url` names an empty database. */
export async function postgres() {
  const bin = await programs();
  const folder = await temporaryFolder('postgres');
  // It refuses to run as root. setpriv becomes what it starts, so that a signal reaches it.
  const root = process.getuid() === 0;
  const as = root ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--'] : [];
  if (root) await run('chown', ['postgres:postgres', folder]);
  const words = (name, ...args) => [...as, join(bin, name), ...args];
  const to = async ([program, ...args]) => run(program, args, { cwd: folder });
  const data = join(folder, 'data');
  await to(words('initdb', '--pgdata', data, '--auth=trust', '--username=poolhouse', '--encoding=UTF8', '--locale=C', '--no-sync'));
  const port = await freePort();
  const [program, ...args] = words('postgres', '-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  const ended = new Promise((done) => child.once('close', done));
  const psql = (database, statement) => to(words('psql', '-h', folder, '-p', String(port), '-U', 'poolhouse', '-d', database, '-c', statement));
  await until(() => psql('postgres', 'SELECT 1').then(() => true, () => false), 20_000, () => `PostgreSQL did not start:\n${log}`);
  await psql('postgres', 'CREATE DATABASE poolhouse');
  return {
    url: `postgres://poolhouse@127.0.0.1:${port}/poolhouse`,
    /** SIGINT is PostgreSQL's "fast shutdown". */
    async stop() {
      child.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
