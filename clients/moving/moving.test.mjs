// One person signs up and a service is deployed; then the house is moved again and again, and they come along: the same
// `sub`, password, refresh token and API.

import assert from 'node:assert/strict';
import { access, copyFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  AdminSetUserPasswordCommand, GetUserCommand, InitiateAuthCommand, SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { guest, makePool } from '../support/pools.mjs';
import { postgres } from '../support/postgres.mjs';
import { binary, copyOfExample, run, start, temporaryFolder } from '../support/server.mjs';

const username = 'anna@example.com';
const password = 'Passw0rd';
const exists = (path) => access(path).then(() => true, () => false);

let workplace;
let first;
let pool;
let told;
let api;
const running = new Set();
const place = (name) => join(workplace, name);

/** A server that goes with the tests. */
async function serve(options) {
  const server = await start(options);
  running.add(server);
  return server;
}

async function stop(server) {
  running.delete(server);
  await server.stop();
}

before(async () => {
  workplace = await temporaryFolder('moving');
  first = await serve({ data: place('first') });
  pool = await makePool(first);
  const signedUp = await guest(first).send(new SignUpCommand({ ClientId: pool.clientId, Username: username, Password: password }));
  await pool.admin.send(new AdminSetUserPasswordCommand({ UserPoolId: pool.poolId, Username: username, Password: password, Permanent: true }));
  const { AuthenticationResult } = await guest(first).send(signIn('USER_PASSWORD_AUTH', { USERNAME: username, PASSWORD: password }));
  told = { sub: signedUp.UserSub, refreshToken: AuthenticationResult.RefreshToken };
  const service = await copyOfExample('secure-rest-api');
  const deployed = JSON.parse((await first.poolhouse(['deploy', '--stage', 'beta', '--json'], { cwd: service })).stdout);
  api = new URL(deployed.endpoints.find(({ url }) => url.endsWith('/hiAll')).url).pathname;
  await rm(service, { recursive: true });
});

after(async () => {
  await Promise.all([...running].map((server) => server.stop()));
  if (workplace) await rm(workplace, { recursive: true, force: true });
});

function signIn(flow, parameters) {
  return new InitiateAuthCommand({ ClientId: pool.clientId, AuthFlow: flow, AuthParameters: parameters });
}

/** Everything that must have come along. */
async function isHome(server) {
  for (const command of [signIn('USER_PASSWORD_AUTH', { USERNAME: username, PASSWORD: password }), signIn('REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: told.refreshToken })]) {
    const { AuthenticationResult } = await guest(server).send(command);
    const user = await guest(server).send(new GetUserCommand({ AccessToken: AuthenticationResult.AccessToken }));
    assert.equal(user.UserAttributes.find(({ Name }) => Name === 'sub').Value, told.sub);
  }
  const answer = await fetch(`${server.base}${api}`);
  assert.deepEqual([answer.status, await answer.json()], [200, { message: 'Hi everybody!' }]);
}

const poolhouse = (words, options) => run(binary, words, options);

test('a backup is made while serving, whole, private, and never over another', async () => {
  const file = place('backup');
  const signUps = Array.from({ length: 20 }, (_, number) => guest(first).send(new SignUpCommand({ ClientId: pool.clientId, Username: `p${number}@example.com`, Password: password })));
  const done = await poolhouse(['backup', file, '--data', first.data, '--json']);
  await Promise.all(signUps);
  const { rows, blobs } = JSON.parse(done.stdout);
  assert.ok(rows > 20 && blobs > 0, done.stdout);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const text = await readFile(file);
  assert.ok(!text.includes(password));
  const again = await poolhouse(['backup', file, '--data', first.data], { ok: false });
  assert.equal(again.code, 2);
  assert.match(again.stderr, /is there already[\s\S]*never overwrites/);
  assert.deepEqual(await readFile(file), text);
  await isHome(first);
});

test('a backup is restored with its master key, and with no other', async () => {
  const restore = (file, folder, ...more) => poolhouse(['restore', file, '--data', folder, ...more], { ok: false });
  const goal = place('second');
  await writeFile(place('other.key'), randomBytes(32).toString('base64'));
  const wrong = await restore(place('backup'), goal, '--master-key-file', place('other.key'));
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /not its master key[\s\S]*nothing was written/);
  await copyFile(place('backup'), place('cut'));
  await truncate(place('cut'), (await stat(place('backup'))).size - 40);
  const cut = await restore(place('cut'), goal, '--master-key-file', join(first.data, 'master.key'));
  assert.equal(cut.code, 2);
  assert.match(cut.stderr, /cut off/);
  assert.ok(!(await exists(goal)), 'nothing was touched');

  const key = place('first.key');
  await copyFile(join(first.data, 'master.key'), key);
  assert.equal((await restore(place('backup'), goal, '--master-key-file', key)).code, 0);
  const full = await restore(place('backup'), goal, '--master-key-file', key);
  assert.equal(full.code, 1);
  assert.match(full.stderr, /not empty[\s\S]*nothing was written/);
  const second = await serve({ data: goal, args: ['--master-key-file', key] });
  await isHome(second);
  const inUse = await restore(place('backup'), goal, '--master-key-file', key);
  assert.match(inUse.stderr, /in use by another server/);
  await stop(second);
});

test('a house moves to PostgreSQL and back', async () => {
  const database = await postgres();
  try {
    const key = place('first.key');
    const there = await poolhouse(['copy', '--from', first.data, '--to', database.url]);
    assert.match(there.stdout, /copied \d+ rows and \d+ blobs/);
    const onPostgres = await serve({ data: place('node'), args: ['--database-url', database.url, '--master-key-file', key] });
    await isHome(onPostgres);
    const once = await poolhouse(['copy', '--from', first.data, '--to', database.url], { ok: false });
    assert.equal(once.code, 1);
    assert.match(once.stderr, /not empty/);
    const keyless = await poolhouse(['copy', '--from', database.url, '--to', place('third')], { ok: false });
    assert.equal(keyless.code, 2);
    assert.match(keyless.stderr, /--master-key-file/);
    await poolhouse(['copy', '--from', database.url, '--to', place('third'), '--master-key-file', key]);
    await poolhouse(['backup', place('of-postgres'), '--database-url', database.url]);
    await stop(onPostgres);
    const third = await serve({ data: place('third'), args: ['--master-key-file', key] });
    await isHome(third);
    await stop(third);
  } finally {
    await database.stop();
  }
});

test('the master key is changed while serving, and the old one opens nothing any more', async () => {
  await writeFile(place('new.key'), randomBytes(32).toString('base64'));
  const old = place('old.key');
  await copyFile(join(first.data, 'master.key'), old);
  const missing = await poolhouse(['keys', 'rotate', '--data', first.data, '--new-master-key-file', place('none')], { ok: false });
  assert.equal(missing.code, 2);
  const rotated = await poolhouse(['keys', 'rotate', '--data', first.data, '--new-master-key-file', place('new.key')]);
  assert.match(rotated.stdout, /1 data key now under master key/);
  await isHome(first);
  await stop(first);
  const refused = await poolhouse(['serve', '--data', first.data, '--listen', '127.0.0.1:0', '--master-key-file', old], { ok: false });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /belongs to master key/);
  const again = await serve({ data: first.data });
  await isHome(again);
  await stop(again);
});
