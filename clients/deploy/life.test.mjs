// `deploy --stage beta` of the example until `remove --stage beta`, as in the posts. One server, one stage after another.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AdminCreateUserCommand, ListUsersCommand } from '@aws-sdk/client-cognito-identity-provider';
import { binary, repository, run, start, until } from '../support/server.mjs';
import { administrator } from '../support/pools.mjs';
import { events, everything, json, query, stackStatus, texts } from './aws.mjs';
import { example, folderOf, posts } from './service.mjs';

const STACK = 'secure-rest-api-beta';
let server;
let service;
before(async () => { [server, service] = await Promise.all([start(), example()]); });
after(async () => {
  await server?.remove();
  await rm(service.folder, { recursive: true, force: true });
});

const poolhouse = (words, options) => server.poolhouse([...words, '--stage', 'beta'], { cwd: service.folder, ...options });
const told = async (words, options) => JSON.parse((await poolhouse([...words, '--json'], options)).stdout);
const get = async (url) => { const answer = await fetch(url); return { status: answer.status, text: await answer.text() }; };
const urlOf = (document, name) => document.endpoints.find((one) => one.url.endsWith(name))?.url;
const versions = async (name) => JSON.parse((await run(join(repository, 'clients/.venv/bin/aws'), ['lambda', 'list-versions-by-function', '--function-name', name, '--output', 'json'], { env: await server.environment() })).stdout).Versions.map((one) => one.Version);

let deployed;

test('the first deploy tells every address, and each of them answers', async () => {
  const { stdout, stderr } = await poolhouse(['deploy']);
  assert.match(stdout, /✔ Service deployed to stack secure-rest-api-beta \(\d+\.\ds\)/);
  assert.match(stderr, /^Deploying secure-rest-api to stage beta \(us-east-1\)$/m);
  assert.doesNotMatch(stdout + stderr, /\x1b/, 'no colours where nobody sees them');
  assert.doesNotMatch(stdout, /Missing/);
  deployed = await told(['info']);
  for (const key of ['service', 'stage', 'region', 'stack', 'outputs', 'endpoints', 'userPools', 'functions']) assert.ok(key in deployed, key);
  for (const { url } of deployed.endpoints) assert.ok(stdout.includes(url), url);
  assert.deepEqual(await get(urlOf(deployed, '/hiAll')), { status: 200, text: '{"message":"Hi everybody!"}' });
  assert.deepEqual(await get(urlOf(deployed, '/hiUsers')), { status: 401, text: '{"message":"Unauthorized"}' });
  const [pool] = deployed.userPools;
  const [login] = /^ +sign in: +(\S+)$/m.exec(stdout).slice(1);
  assert.match((await get(login)).text, /<form/);
  assert.equal((await (await fetch(pool.jwksUri)).json()).keys.length > 0, true);
  assert.equal((await (await fetch(`${pool.issuer}/.well-known/openid-configuration`)).json()).issuer, pool.issuer);
});

test('with nothing changed it says so and changes nothing', async () => {
  const was = { events: await events(server, STACK), versions: await versions('secure-rest-api-beta-guests') };
  const { stdout } = await poolhouse(['deploy']);
  assert.match(stdout, /not deployed: nothing changed/);
  assert.equal((await told(['deploy'])).changed, false);
  assert.deepEqual({ events: await events(server, STACK), versions: await versions('secure-rest-api-beta-guests') }, was);
});

test('a function added and one removed', async () => {
  await service.edit([/  guests:[\s\S]*?cors: true\n/.exec(await service.edit())[0],
    '  newcomer:\n    handler: handler.guests\n    events:\n      - http: GET /hiNew\n']);
  const changed = await told(['deploy']);
  assert.equal(changed.changed, true);
  assert.deepEqual(changed.functions.map((one) => one.key), ['registeredOnly', 'newcomer']);
  assert.equal((await get(urlOf(changed, '/hiNew'))).status, 200);
  assert.equal((await get(urlOf(deployed, '/hiAll'))).status, 403);
  assert.equal((await get(urlOf(deployed, '/hiUsers'))).status, 401);
  const left = await everything(server);
  assert.deepEqual(left.functions.sort(), ['secure-rest-api-beta-newcomer', 'secure-rest-api-beta-registeredOnly']);
  assert.deepEqual(left.logGroups.sort(), ['/aws/lambda/secure-rest-api-beta-newcomer', '/aws/lambda/secure-rest-api-beta-registeredOnly']);
  await service.edit();
  await told(['deploy']);
  assert.equal((await get(urlOf(deployed, '/hiAll'))).status, 200);
});

test('a mistake in the file is shown at its place, and nothing is touched', async () => {
  const was = await events(server, STACK);
  await service.edit(['memorySize: 128', 'memorySize: lots']);
  const { code, stdout, stderr } = await poolhouse(['deploy'], { ok: false });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /serverless\.yml:19:15\b/);
  assert.match(stderr, /memorySize: lots\n.*\^{4}/);
  assert.match(stderr, /nothing was touched/);
  assert.deepEqual(await events(server, STACK), was);
});

for (const [what, from, to, resource, why] of [
  ['a domain that another pool has',
    '    # The one who looks', `    SecondPool:
      Type: AWS::Cognito::UserPool
      Properties: { UserPoolName: second }
    SecondDomain:
      Type: AWS::Cognito::UserPoolDomain
      DependsOn: CognitoUserPoolDomain
      Properties: { UserPoolId: !Ref SecondPool, Domain: secure-rest-api-beta }
    # The one who looks`, 'SecondDomain', /Domain already associated with another user pool/],
  ['a function whose role is not there',
    'handler: handler.guests', 'handler: handler.guests\n    role: arn:aws:iam::000000000000:role/nobody', 'GuestsLambdaFunction', /role/i],
]) {
  test(`${what} fails half-way: all rolls back, the events say why, the API goes on`, async () => {
    await service.edit([from, to], ['timeout: 10', 'timeout: 11']);
    const was = await everything(server);
    const [newest] = await events(server, STACK);
    const { code, stderr } = await poolhouse(['deploy'], { ok: false });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /everything is as it was before \(UPDATE_ROLLBACK_COMPLETE\)/);
    assert.match(stderr, new RegExp(`${resource} \\(AWS::`));
    assert.match(stderr, why);
    assert.match(stderr, /--> serverless\.yml:\d+:\d+/);
    const all = await events(server, STACK);
    const news = all.slice(0, all.findIndex((event) => event.id === newest.id));
    const failed = news.find((event) => event.resource === resource && event.status.endsWith('_FAILED'));
    assert.match(failed.reason, why);
    assert.equal(news[0].status, 'UPDATE_ROLLBACK_COMPLETE');
    assert.deepEqual(await everything(server), was);
    assert.equal((await get(urlOf(deployed, '/hiAll'))).status, 200);
    assert.equal((await get(urlOf(deployed, '/hiUsers'))).status, 401);
    await service.edit();
    await told(['deploy']);
    assert.equal((await get(urlOf(deployed, '/hiAll'))).status, 200);
  });
}

test('info and invoke', async () => {
  assert.deepEqual(Object.keys(await told(['info'])).sort(), Object.keys(deployed).sort());
  const { stdout: shown } = await poolhouse(['info']);
  assert.match(shown, /^endpoints:\n {2}GET {4}http/m);
  const echo = await folderOf({
    'serverless.yml': 'service: echo\nprovider: { name: aws, runtime: nodejs20.x }\nfunctions:\n  echo: { handler: h.echo }\n  fails: { handler: h.fails }\n',
    'h.js': "exports.echo = async (event) => { console.log('heard', JSON.stringify(event)); return event; };\nexports.fails = async () => { throw new Error('as it must'); };\n",
    'event.json': '{"from":"a file"}',
  });
  await poolhouse(['deploy'], { cwd: echo });
  const invoke = async (words, options = {}) => poolhouse(['invoke', '-f', 'echo', ...words], { cwd: echo, ...options });
  assert.equal((await invoke(['-d', '{"a":1}'])).stdout, '{\n    "a": 1\n}\n');
  assert.equal((await invoke(['-p', 'event.json'])).stdout, '{\n    "from": "a file"\n}\n');
  assert.equal((await invoke([], { input: '[1]' })).stdout, '[\n    1\n]\n');
  assert.equal((await invoke(['-p', '-'], { input: 'words' })).stdout, '"words"\n');
  const failed = await poolhouse(['invoke', '-f', 'fails', '-d', '{}'], { cwd: echo, ok: false });
  assert.equal(failed.code, 1);
  assert.equal(JSON.parse(failed.stdout).errorMessage, 'as it must');
  assert.match(failed.stderr, /^error: the function failed/m);
  const unknown = await poolhouse(['invoke', '-f', 'ecko'], { cwd: echo, ok: false });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /no function 'ecko'[\s\S]*echo, fails/);

  // logs, as they are, filtered, and as they come.
  const lines = async (...words) => (await poolhouse(['logs', '-f', 'echo', ...words], { cwd: echo })).stdout;
  const text = await until(async () => { const all = await lines(); return all.includes('"words"') && all; });
  assert.match(text, /START[\s\S]*heard \{"a":1\}[\s\S]*END\nREPORT \d/);
  assert.doesNotMatch(await lines('--filter', 'file'), /heard \{"a":1\}/);
  const tail = spawn(binary, ['logs', '-f', 'echo', '--tail', '--interval', '50', '--stage', 'beta'], { cwd: echo, env: { ...process.env, ...(await server.environment()) } });
  let seen = '';
  tail.stdout.on('data', (data) => (seen += data));
  const ended = new Promise((done) => tail.once('close', (code, signal) => done({ code, signal })));
  await until(() => seen.includes('heard'), 10_000, () => `nothing from before:\n${seen}`);
  await invoke(['-d', '"news while it looks"']);
  await until(() => seen.includes('news while it looks'), 10_000, () => `no new line:\n${seen}`);
  assert.equal(seen.split('news while it looks').length, 2, 'once');
  tail.kill('SIGINT');
  assert.deepEqual(await ended, { code: 0, signal: null });

  await poolhouse(['remove'], { cwd: echo });
  const gone = await poolhouse(['logs', '-f', 'echo'], { cwd: echo, ok: false });
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /echo-beta-echo is not deployed/);
  await rm(echo, { recursive: true });
});

test('package writes the same bytes twice, and print what the file comes to', async () => {
  const files = (await told(['package'])).files;
  const zip = await readFile(join(service.folder, '.serverless/secure-rest-api.zip'));
  await told(['package', '--package', 'again']);
  assert.deepEqual(await readFile(join(service.folder, 'again/secure-rest-api.zip')), zip);
  assert.equal(files.length, 4);
  const template = JSON.parse(await readFile(join(service.folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8'));
  assert.equal(template.Resources.GuestsLambdaFunction.Type, 'AWS::Lambda::Function');
  assert.equal((await told(['deploy', '--package', 'again'])).changed, false, 'a package is what deploy would make');
  const { stdout } = await poolhouse(['print']);
  assert.match(stdout, /^ {2}stage: beta$/m);
  assert.doesNotMatch(stdout, /\$\{/);
  assert.equal((await poolhouse(['print', '--path', 'functions.guests.handler', '--format', 'text'])).stdout, 'handler.guests\n');
});

test('a change that would replace a pool with users in it waits until it is asked for by name', async () => {
  const admin = await administrator(server);
  const pool = (await told(['info'])).userPools[0].id;
  for (const Username of ['a@example.com', 'b@example.com']) await admin.send(new AdminCreateUserCommand({ UserPoolId: pool, Username, MessageAction: 'SUPPRESS' }));
  const was = await events(server, STACK);
  const renamed = ['    CognitoUserPool:', '    People:'];
  for (const edits of [
    [['UsernameAttributes:', 'AliasAttributes:'], ['Domain: ${self:service}-', 'Domain: next-']],
    // Another logical id is another pool.
    [['Resources:\n    # Who', 'Resources:\n    # who'], renamed, ['!Ref CognitoUserPool\n', '!Ref People\n'], ['!Ref CognitoUserPool\n', '!Ref People\n'], ['CognitoUserPool.Arn', 'People.Arn'], ['!Ref CognitoUserPool\n', '!Ref People\n']],
  ]) {
    await service.edit(...edits);
    const { code, stderr } = await poolhouse(['deploy'], { ok: false });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /2 users would be lost/);
    assert.match(stderr, /--replace-user-pool CognitoUserPool/);
    assert.match(stderr, /--> serverless\.yml:\d+:\d+ \(CognitoUserPool\)|CognitoUserPool \(AWS::Cognito::UserPool/);
    assert.deepEqual(await events(server, STACK), was);
    assert.equal((await admin.send(new ListUsersCommand({ UserPoolId: pool }))).Users.length, 2);
  }
  await service.edit(['UsernameAttributes:', 'AliasAttributes:'], ['Domain: ${self:service}-', 'Domain: next-']);
  const elsewhere = await poolhouse(['deploy', '--replace-user-pool', 'SomethingElse'], { ok: false });
  assert.equal(elsewhere.code, 1, 'another name is not this name');
  const replaced = await told(['deploy', '--replace-user-pool', 'CognitoUserPool']);
  assert.notEqual(replaced.userPools[0].id, pool);
  assert.deepEqual((await everything(server)).pools, ['secure-rest-api-beta']);
});

test('remove leaves nothing of the stage', async () => {
  // Its last words must not bring the log group back.
  await poolhouse(['invoke', '-f', 'guests', '-d', '{}']);
  const { stdout } = await poolhouse(['remove']);
  assert.match(stdout, /✔ Service secure-rest-api was removed from stage beta/);
  assert.doesNotMatch(stdout, /stays/);
  assert.deepEqual(await everything(server), { stacks: [], buckets: [], logGroups: [], functions: [], pools: [], roles: [] });
  assert.notEqual((await get(urlOf(deployed, '/hiAll'))).status, 200);
  const again = await poolhouse(['remove']);
  assert.match(again.stdout, /nothing to remove/);
  const info = await poolhouse(['info'], { ok: false });
  assert.equal(info.code, 1);
  assert.match(info.stderr, /not deployed to stage beta\nhelp: deploy it: poolhouse deploy --stage beta/);
});

test('a pool that is protected or retained stays with its users, and is named', async () => {
  const folder = await folderOf({
    'serverless.yml': `service: keep
provider: { name: aws, runtime: nodejs20.x }
resources:
  Resources:
    Guarded: { Type: AWS::Cognito::UserPool, Properties: { UserPoolName: guarded, DeletionProtection: ACTIVE } }
    Retained: { Type: AWS::Cognito::UserPool, DeletionPolicy: Retain, Properties: { UserPoolName: retained } }
    Passing: { Type: AWS::Cognito::UserPool, Properties: { UserPoolName: passing } }
`,
  });
  const pools = Object.fromEntries((await told(['deploy'], { cwd: folder })).userPools.map((pool) => [pool.logicalId, pool.id]));
  const admin = await administrator(server);
  await admin.send(new AdminCreateUserCommand({ UserPoolId: pools.Guarded, Username: 'a', MessageAction: 'SUPPRESS' }));
  const { stdout } = await poolhouse(['remove'], { cwd: folder });
  assert.match(stdout, new RegExp(`stays: Guarded \\(AWS::Cognito::UserPool, ${pools.Guarded}\\): DeletionProtection is ACTIVE`));
  assert.match(stdout, new RegExp(`stays: Retained \\(AWS::Cognito::UserPool, ${pools.Retained}\\): DeletionPolicy is Retain`));
  assert.deepEqual(await everything(server), { stacks: [], buckets: [], logGroups: [], functions: [], pools: ['guarded', 'retained'], roles: [] });
  assert.equal((await admin.send(new ListUsersCommand({ UserPoolId: pools.Guarded }))).Users.length, 1);
  await json(server, 'cognito-idp', 'UpdateUserPool', { UserPoolId: pools.Guarded, DeletionProtection: 'INACTIVE' });
  for (const id of [pools.Guarded, pools.Retained]) assert.equal((await json(server, 'cognito-idp', 'DeleteUserPool', { UserPoolId: id })).status, 200);
  await rm(folder, { recursive: true });
});

test('a first deploy that fails leaves a stage that the next deploy mends and remove takes away', async () => {
  const other = await example();
  const wrong = [['handler: handler.guests', 'handler: handler.guests\n    role: arn:aws:iam::000000000000:role/nobody']];
  await other.edit(...wrong);
  const failed = await server.poolhouse(['deploy', '-s', 'first'], { cwd: other.folder, ok: false });
  assert.equal(failed.code, 1, failed.stderr);
  assert.match(failed.stderr, /GuestsLambdaFunction \(AWS::Lambda::Function\)/);
  // As with the framework: the deployment bucket is there, and the stack can be updated.
  assert.equal(await stackStatus(server, 'secure-rest-api-first'), 'UPDATE_ROLLBACK_COMPLETE');
  const left = await everything(server);
  assert.deepEqual([left.functions, left.pools, left.roles, left.buckets.length], [[], [], [], 1]);
  await other.edit();
  const mended = JSON.parse((await server.poolhouse(['deploy', '-s', 'first', '--json'], { cwd: other.folder })).stdout);
  assert.equal((await get(urlOf(mended, '/hiAll'))).status, 200);
  await server.poolhouse(['remove', '-s', 'first'], { cwd: other.folder });

  // With a bucket of one's own the whole stack is made at once: then it is ROLLBACK_COMPLETE, which CloudFormation can only remove.
  const bucket = await run(join(repository, 'clients/.venv/bin/aws'), ['s3api', 'create-bucket', '--bucket', 'own-bucket'], { env: await server.environment() });
  assert.equal(bucket.code, 0);
  const own = [['  name: aws\n', '  name: aws\n  deploymentBucket: own-bucket\n']];
  await other.edit(...own, ...wrong);
  const never = await server.poolhouse(['deploy', '-s', 'first'], { cwd: other.folder, ok: false });
  assert.equal(never.code, 1);
  assert.match(never.stderr, /what had been made was removed again \(ROLLBACK_COMPLETE\)/);
  await other.edit(...own);
  const stuck = await server.poolhouse(['deploy', '-s', 'first'], { cwd: other.folder, ok: false });
  if (stuck.code !== 0) {
    assert.match(stuck.stderr, /ROLLBACK_COMPLETE[\s\S]*poolhouse remove/);
    await server.poolhouse(['remove', '-s', 'first'], { cwd: other.folder });
    await server.poolhouse(['deploy', '-s', 'first'], { cwd: other.folder });
  }
  await server.poolhouse(['remove', '-s', 'first'], { cwd: other.folder });
  const end = await everything(server);
  assert.deepEqual([end.stacks, end.buckets, end.functions, end.roles], [[], ['own-bucket'], [], []]);
  await rm(other.folder, { recursive: true });
});

test('the posts’ service: what is missing is two lines of the AWS CLI, which work', async () => {
  const folder = await folderOf(posts);
  const { stdout } = await poolhouse(['deploy'], { cwd: folder });
  const lines = stdout.split('\n').filter((line) => line.startsWith('  aws ')).map((line) => line.trim());
  assert.equal(lines.length, 2, stdout);
  assert.match(lines[0], / cognito-idp update-user-pool-client /);
  assert.match(lines[1], / cognito-idp create-user-pool-domain /);
  assert.deepEqual((await poolhouse(['info'], { cwd: folder })).stdout.split('\n').filter((line) => line.startsWith('  aws ')).map((line) => line.trim()), lines);
  const { AWS_ENDPOINT_URL, ...keys } = await server.environment();
  for (const line of lines) await run('bash', ['-c', line], { env: { ...keys, PATH: `${join(repository, 'clients/.venv/bin')}:${process.env.PATH}` } });
  const set = await poolhouse(['info'], { cwd: folder });
  assert.doesNotMatch(set.stdout, /Missing|^ {2}aws /m);
  const login = /^ +sign in: +(\S+)$/m.exec(set.stdout)[1];
  const page = await get(login);
  assert.equal(page.status, 200);
  assert.match(page.text, /<form/);
  // What was set by hand survives the next deploy of the same file.
  const again = JSON.parse((await poolhouse(['deploy', '--force', '--json'], { cwd: folder })).stdout);
  assert.deepEqual(again.missing, []);
  assert.equal((await get(login)).status, 200);
  const removed = await poolhouse(['remove'], { cwd: folder, ok: false });
  assert.equal(removed.code, 0, removed.stderr);
  await rm(folder, { recursive: true });
});

test('two deploys of one stack at once: the second is told so, and nothing breaks', async () => {
  const folder = await folderOf({
    'serverless.yml': `service: busy\nprovider: { name: aws, runtime: nodejs20.x }\nfunctions:\n${Array.from({ length: 20 }, (_, n) => `  f${n}: { handler: h.f, events: [{ http: 'GET /p${n}' }] }\n`).join('')}`,
    'h.js': "exports.f = async () => ({ statusCode: 200, body: 'ok' });\n",
  });
  const first = poolhouse(['deploy', '--json'], { cwd: folder });
  await until(async () => (await stackStatus(server, 'busy-beta'))?.endsWith('_IN_PROGRESS') && (await stackStatus(server, 'busy-beta')) !== 'REVIEW_IN_PROGRESS');
  const second = await poolhouse(['deploy'], { cwd: folder, ok: false });
  const done = JSON.parse((await first).stdout);
  assert.equal(second.code, 1, second.stdout);
  assert.match(second.stderr, /being changed by someone else just now/);
  assert.match(second.stderr, /help: wait until that is done/);
  assert.equal((await get(urlOf(done, '/p7'))).status, 200);
  assert.equal(JSON.parse((await poolhouse(['deploy', '--json'], { cwd: folder })).stdout).changed, false);
  await poolhouse(['remove'], { cwd: folder });
  await rm(folder, { recursive: true });
});
