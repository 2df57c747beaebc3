// Wrong words and wrong files: one clear error at its place, exit status 2, nothing touched.

import assert from 'node:assert/strict';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { binary, run, start, temporaryFolder } from '../support/server.mjs';
import { everything } from './aws.mjs';
import { folderOf } from './service.mjs';

const HANDLER = { 'h.js': 'exports.f = async () => 1;\n' };
const HEAD = 'service: trial\nprovider:\n  name: aws\n  runtime: nodejs20.x\n';
const FUNCTIONS = 'functions:\n  f:\n    handler: h.f\n';

let server;
before(async () => { server = await start(); });
after(async () => { await server?.remove(); });

/** Each line: what, the file (and others beside it), what must be said. */
for (const [what, text, words, files = {}] of [
  ['a wrong type', `${HEAD}  timeout: soon\n${FUNCTIONS}`, [/'provider\.timeout'/, /serverless\.yml:5:12/, /timeout: soon\n.*\^/]],
  ['a key twice', `${HEAD}${FUNCTIONS}functions:\n  g:\n    handler: h.f\n`, [/functions/, /twice|duplicate/i, /serverless\.yml:8:1/]],
  ['a file that is not YAML', `${HEAD}functions: [\n`, [/serverless\.yml:\d+:\d+/]],
  ['an empty file', '', [/serverless\.yml/]],
  ['a variable that leads nowhere', `${HEAD}${FUNCTIONS}custom:\n  a: \${env:NOT_SET_ANYWHERE}\n`, [/NOT_SET_ANYWHERE/, /serverless\.yml:9:6/]],
  ['a variable of an unknown source', `${HEAD}${FUNCTIONS}custom:\n  a: \${vault:x}\n`, [/vault/, /serverless\.yml:9:6/]],
  ['variables in a circle', `${HEAD}${FUNCTIONS}custom:\n  a: \${self:custom.b}\n  b: \${self:custom.c}\n  c: \${self:custom.a}\n`, [/custom\.a.*custom\.b.*custom\.c.*custom\.a/, /serverless\.yml:\d+:\d+/]],
  ['a file() that is not there', `${HEAD}${FUNCTIONS}custom: \${file(./gone.yml)}\n`, [/gone\.yml/, /serverless\.yml:8:\d+/]],
  ['a handler file that is not there', `${HEAD}functions:\n  f:\n    handler: gone.f\n`, [/gone/, /does not exist/, /serverless\.yml:7:14/]],
  ['an unknown runtime', `${HEAD}functions:\n  f:\n    handler: h.f\n    runtime: nodejs20x\n`, [/nodejs20x/, /serverless\.yml:8:14/]],
  ['an event that is not supported', `${HEAD}${FUNCTIONS}    events:\n      - sqs: arn:aws:sqs:us-east-1:000000000000:queue\n`, [/sqs/, /not supported/, /serverless\.yml:9:9/]],
  ['an authorizer that is not there', `${HEAD}${FUNCTIONS}    events:\n      - http: { path: /, method: get, authorizer: nobody }\n`, [/nobody/, /serverless\.yml:9:\d+/]],
  ['a method that is none', `${HEAD}${FUNCTIONS}    events:\n      - http: FETCH /x\n`, [/FETCH/i, /serverless\.yml:9:\d+/]],
  ['resource types that nobody here knows, all at once',
    `${HEAD}${FUNCTIONS}resources:\n  Resources:\n    Table:\n      Type: AWS::DynamoDB::Table\n    Queue:\n      Type: AWS::SQS::Queue\n    Pool:\n      Type: AWS::Cognito::UserPool\n`,
    [/AWS::DynamoDB::Table/, /AWS::SQS::Queue/, /serverless\.yml:10:5/, /serverless\.yml:12:5/]],
  ['a reference to nothing', `${HEAD}${FUNCTIONS}resources:\n  Resources:\n    Client:\n      Type: AWS::Cognito::UserPoolClient\n      Properties: { UserPoolId: !Ref Gone }\n`, [/Gone/]],
  ['a property that the type does not have', `${HEAD}${FUNCTIONS}resources:\n  Resources:\n    Pool:\n      Type: AWS::Cognito::UserPool\n      Properties: { UserPoolNaem: x }\n`, [/UserPoolNaem/]],
]) {
  test(`serverless.yml: ${what}`, async () => {
    const folder = await folderOf({ ...HANDLER, ...files, 'serverless.yml': text });
    const { code, stdout, stderr } = await server.poolhouse(['deploy'], { cwd: folder, ok: false });
    assert.equal(code, 2, `${code}\n${stdout}${stderr}`);
    assert.equal(stdout, '');
    for (const word of words) assert.match(stderr, word);
    assert.match(stderr, /^error: /m);
    assert.doesNotMatch(stderr, /panicked|RUST_BACKTRACE/);
    const told = JSON.parse((await server.poolhouse(['deploy', '--json'], { cwd: folder, ok: false })).stdout);
    assert.ok(told.error.message);
    const { stacks, buckets } = await everything(server);
    assert.deepEqual([stacks, buckets], [[], []], 'nothing was touched');
    await rm(folder, { recursive: true });
  });
}

test('what is not read is named and does not stand in the way', async () => {
  const folder = await folderOf({ ...HANDLER, 'serverless.yml': `${HEAD}  timeuot: 5\nplugins:\n  - serverless-offline\n  - serverless-plugin-nobody-knows\n${FUNCTIONS}` });
  const { stdout, stderr } = await server.poolhouse(['package'], { cwd: folder });
  assert.match(stdout, /✔ trial packaged/);
  assert.match(stderr, /warning: 'timeuot' is not known.*\n +--> serverless\.yml:5:3\n[\s\S]*did you mean 'timeout'\?/);
  assert.match(stderr, /warning: the plugin serverless-offline is not needed here and is skipped/);
  assert.match(stderr, /warning: the plugin serverless-plugin-nobody-knows is skipped.*\n +--> serverless\.yml:8:5/);
  await rm(folder, { recursive: true });
});

test('an interpreter that this machine does not have is told at deploy, and nothing stays', async () => {
  const folder = await folderOf({ 'h.rb': 'def f(event:, context:) = 1\n', 'serverless.yml': `${HEAD.replace('nodejs20.x', 'ruby3.3')}functions:\n  f:\n    handler: h.f\n` });
  const { code, stderr } = await server.poolhouse(['deploy'], { cwd: folder, ok: false });
  assert.notEqual(code, 0, stderr);
  assert.match(stderr, /ruby/i);
  await server.poolhouse(['remove'], { cwd: folder, ok: false });
  assert.deepEqual((await everything(server)).stacks, []);
  await rm(folder, { recursive: true });
});

test('the command line without a folder, a server, keys or the right keys', async () => {
  const empty = await temporaryFolder('empty');
  const none = await run(binary, ['deploy'], { cwd: empty, ok: false });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /serverless\.yml/);
  const folder = await folderOf({ ...HANDLER, 'serverless.yml': `${HEAD}${FUNCTIONS}` });
  const home = { HOME: empty, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', POOLHOUSE_ENDPOINT: server.base };
  const keyless = await run(binary, ['deploy'], { cwd: folder, env: home, ok: false });
  assert.equal(keyless.code, 2);
  assert.match(keyless.stderr, /no keys to sign with\nhelp: .*--server-data/);
  const wrong = await run(binary, ['deploy'], { cwd: folder, env: { ...home, AWS_ACCESS_KEY_ID: 'AKIAWRONG', AWS_SECRET_ACCESS_KEY: 'wrong' }, ok: false });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /help: these keys are not this server's/);
  const away = await server.poolhouse(['deploy', '--endpoint', 'http://127.0.0.1:9'], { cwd: folder, ok: false });
  assert.equal(away.code, 1);
  assert.match(away.stderr, /nothing answers at http:\/\/127\.0\.0\.1:9[\s\S]*help: start a server with 'poolhouse serve' or 'poolhouse dev'/);
  const words = await run(binary, ['deploy', '--stgae', 'beta'], { cwd: folder, ok: false });
  assert.equal(words.code, 2);
  assert.match(words.stderr, /--stage/);
  await Promise.all([empty, folder].map((one) => rm(one, { recursive: true })));
});

test('a server that cannot start says why and leaves everything as it was', async () => {
  const serve = (args, options) => run(binary, ['serve', '--listen', '127.0.0.1:0', ...args], { ok: false, deadline: 15_000, ...options });
  const folder = await temporaryFolder('starts');
  const data = join(folder, 'data');

  // A port in use.
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => other.once('listening', ready));
  const taken = await run(binary, ['serve', '--listen', `127.0.0.1:${other.address().port}`, '--data', data], { ok: false });
  assert.deepEqual([taken.code, /in use by another process/.test(taken.stderr)], [1, true], taken.stderr);
  other.close();

  // A folder that is another server's.
  const busy = await serve(['--data', server.data]);
  assert.equal(busy.code, 2);
  assert.match(busy.stderr, /in use by another server/);

  const made = await start({ data });
  await made.stop();
  const key = join(data, 'master.key');
  await run('mv', [key, `${key}.away`]);
  const keyless = await serve(['--data', data]);
  assert.equal(keyless.code, 2);
  assert.match(keyless.stderr, /has no master\.key/);
  await writeFile(key, 'bm90IGEga2V5\n');
  const short = await serve(['--data', data]);
  assert.equal(short.code, 2);
  assert.match(short.stderr, /master\.key/);
  await run('mv', [`${key}.away`, key]);

  // A newer Poolhouse was here.
  await run('python3', ['-c', `import sqlite3,sys
db = sqlite3.connect(sys.argv[1]); db.execute('PRAGMA user_version = 9999'); db.commit()
for (name,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
    if 'history' in name: db.execute(f"insert into {name} select 9999, 'later', applied_on, checksum from {name} limit 1")
db.commit()`, join(data, 'poolhouse.db')]);
  const newer = await serve(['--data', data]);
  assert.equal(newer.code, 2, newer.stderr);
  assert.match(newer.stderr, /written by a newer Poolhouse[\s\S]*left as it is/);

  // Not ours at all.
  const foreign = join(folder, 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'poolhouse.db'), 'this is a letter, not a database. '.repeat(100));
  const strange = await serve(['--data', foreign]);
  assert.equal(strange.code, 2, strange.stderr);
  assert.match(strange.stderr, /not a Poolhouse database|cannot be opened/);
  await writeFile(join(folder, 'file'), '');
  const file = await serve(['--data', join(folder, 'file')]);
  assert.equal(file.code, 2, file.stderr);
  assert.match(file.stderr, /file/);

  // Not to be read: as somebody who is not root.
  if (process.getuid() === 0) {
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o700);
    await chmod(folder, 0o755);
    const copy = join(folder, 'poolhouse');
    await run('cp', [binary, copy]);
    const nobody = await run('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', copy, 'serve', '--listen', '127.0.0.1:0', '--data', closed], { ok: false, cwd: '/' });
    assert.equal(nobody.code, 2, nobody.stderr);
    assert.match(nobody.stderr, /ermission denied/);
  }

  // Its own configuration.
  await writeFile(join(folder, 'poolhouse.toml'), 'listen = "127.0.0.1:0"\nlissten = 1\n');
  const config = await run(binary, ['serve', '--config', join(folder, 'poolhouse.toml')], { ok: false, cwd: folder });
  assert.equal(config.code, 2);
  assert.match(config.stderr, /poolhouse\.toml cannot be read[\s\S]*line 2[\s\S]*unknown field `lissten`/);
  const gone = await run(binary, ['serve', '--config', join(folder, 'gone.toml')], { ok: false, cwd: folder });
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /gone\.toml/);
  for (const result of [taken, busy, keyless, short, newer, strange, file, config, gone]) {
    assert.doesNotMatch(result.stderr, /panicked/);
    assert.match(result.stderr, /^error: /m);
  }
  await rm(folder, { recursive: true });
});
