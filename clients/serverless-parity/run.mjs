#!/usr/bin/env node
// Compares our templates and packages with those of the real Serverless Framework v3.
//
//   run             packs every service of crates/serverless/tests/parity with `serverless@3` and with
//                   `target/…/poolhouse package` (or the binary that POOLHOUSE_BINARY names) and prints what differs
//                   and takes the example from `serverless deploy` to `serverless remove` against a server of ours
//   run --record    writes what `serverless@3` made to expected.json, which the crate's tests compare with
//
// Needs node and npm; everything is installed and run in a temporary folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '../..');
const fixtures = join(root, 'crates/serverless/tests/parity');
const record = process.argv.includes('--record');
const only = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const temporary = mkdtempSync(join(tmpdir(), 'serverless-parity-'));
let compared = 0;
let different = 0;

try {
  const serverless = process.env.SERVERLESS ?? install();
  for (const name of only.length ? only.filter((name) => name !== 'live') : readdirSync(fixtures).sort()) {
    const service = join(temporary, name);
    cpSync(join(fixtures, name), service, { recursive: true });
    plant(service);
    const args = existsSync(join(service, 'args')) ? readFileSync(join(service, 'args'), 'utf8').trim().split(/\s+/) : [];
    for (const helper of ['args', 'expected.json', 'tree.json']) rmSync(join(service, helper), { force: true });
    const theirs = packed(service, process.execPath, [serverless, 'package', ...args]);
    if (record) {
      writeFileSync(join(fixtures, name, 'expected.json'), `${JSON.stringify(theirs, null, 1)}\n`);
      console.log(`recorded  ${name}`);
      continue;
    }
    const ours = packed(service, poolhouse(), ['package', ...args]);
    const differences = compare(theirs, ours, '');
    console.log(`${differences.length ? 'DIFFERENT' : 'equal    '} ${name}`);
    for (const difference of differences) console.log(`  ${difference}`);
    compared += 1;
    if (differences.length) different += 1;
  }
  if (!record && (!only.length || only.includes('live'))) await live(serverless);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (!record) console.log(`${compared - different} passed, ${different} failed`);
process.exit(different ? 1 : 0);

// The unmodified command against our server: deploy, again, info, invoke, logs, and away.
async function live(serverless) {
  process.env.POOLHOUSE_BINARY = poolhouse();
  const { copyOfExample, run, start, until } = await import('../support/server.mjs');
  const folder = await copyOfExample('secure-rest-api');
  const server = await start();
  try {
    const preload = join(root, 'clients/serverless-parity/endpoint.cjs');
    const env = {
      ...(await server.environment()), NODE_OPTIONS: `--require ${preload}`,
      SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', SLS_DEPRECATION_DISABLE: '*', SLS_INTERACTIVE_SETUP_ENABLE: '0',
    };
    const framework = async (...words) => {
      const { stdout, stderr } = await run(process.execPath, [serverless, ...words, '--stage', 'beta'], { cwd: folder, env });
      return stdout + stderr;
    };
    const says = (text, words) => { if (!words.test(text)) throw new Error(`${words} is not in:\n${text}`); };
    says(await framework('deploy'), /Service deployed to stack secure-rest-api-beta/);
    const { endpoints } = JSON.parse((await server.poolhouse(['info', '--json', '--stage', 'beta'], { cwd: folder })).stdout);
    for (const [path, status] of [['/hiAll', 200], ['/hiUsers', 401]]) {
      const answer = await fetch(endpoints.find((one) => one.url.endsWith(path)).url);
      if (answer.status !== status) throw new Error(`${path} answered ${answer.status}`);
    }
    says(await framework('deploy'), /No changes to deploy/);
    says(await framework('info'), /guests: secure-rest-api-beta-guests/);
    says(await framework('invoke', '-f', 'guests'), /Hi everybody!/);
    await until(async () => /END Duration/.test(await framework('logs', '-f', 'guests')), 30_000, () => 'no logs');
    says(await framework('remove'), /has been successfully removed/);
    const left = await server.poolhouse(['info', '--stage', 'beta'], { cwd: folder, ok: false });
    if (left.code !== 1) throw new Error(`something is left:\n${left.stdout}`);
    console.log('deployed, used and removed by the unmodified command');
  } catch (error) {
    console.log(`DIFFERENT the unmodified command against our server\n  ${error.message}\n${server.log}`);
    different += 1;
  } finally {
    compared += 1;
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function install() {
  const home = join(temporary, 'npm');
  mkdirSync(home);
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', home, 'serverless@3'], { stdio: 'inherit' });
  return join(home, 'node_modules/serverless/bin/serverless.js');
}

function poolhouse() {
  if (process.env.POOLHOUSE_BINARY) return process.env.POOLHOUSE_BINARY;
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  return ['release', 'debug'].map((profile) => join(target, profile, 'poolhouse')).find(existsSync);
}

// Folders that version control leaves out (node_modules) are written down in tree.json.
function plant(service) {
  const list = join(service, 'tree.json');
  if (!existsSync(list)) return;
  for (const [path, content] of Object.entries(JSON.parse(readFileSync(list, 'utf8')))) {
    mkdirSync(dirname(join(service, path)), { recursive: true });
    if (typeof content === 'string') writeFileSync(join(service, path), content);
    else symlinkSync(content.link, join(service, path));
  }
}

function packed(service, program, args) {
  const out = join(service, '.serverless');
  rmSync(out, { recursive: true, force: true });
  const env = { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', SLS_DEPRECATION_DISABLE: '*', FLAG: '1' };
  const run = spawnSync(program, args, { cwd: service, env, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${program} ${args.join(' ')} in ${service}:\n${run.stdout}${run.stderr}`);
  const read = (name) => existsSync(join(out, name)) ? JSON.parse(readFileSync(join(out, name), 'utf8')) : null;
  const zips = readdirSync(out).filter((name) => name.endsWith('.zip')).sort();
  return {
    create: read('cloudformation-template-create-stack.json'),
    update: read('cloudformation-template-update-stack.json'),
    files: Object.fromEntries(zips.map((name) => [name, list(readFileSync(join(out, name)))])),
  };
}

// `path` → mode, from a zip's central directory (APPNOTE.TXT 4.3.12).
function list(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = {};
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const mode = (zip.readUInt32LE(at + 38) >>> 16) & 0o777;
    files[zip.toString('utf8', at + 46, at + 46 + name)] = mode.toString(8);
    at += 46 + name + extra + comment;
  }
  return files;
}

// The same rules as crates/serverless/tests/parity.rs: what two runs of the same program write differently is evened out.
function even(value, exact) {
  const text = JSON.stringify(value)
    .replace(/ApiGatewayDeployment\d+/g, 'ApiGatewayDeployment')
    .replace(/\/\d{10,}-\d{4}-\d\d-\d\dT[\d:.]+Z\//g, '/T/');
  return exact ? text : text.replace(/LambdaVersion[0-9A-Za-z]{20,}/g, 'LambdaVersion').replace(/"CodeSha256":"[^"]+"/g, '"CodeSha256":"…"');
}

function compare(theirs, ours) {
  // The framework leaves a ready-made artifact where it is; ours lies with the rest.
  if (!theirs.files['ready.zip']) delete ours.files['ready.zip'];
  const exact = Object.keys(theirs.files).length === 0;
  const differences = [];
  const walk = (a, b, path) => {
    if (a && b && typeof a === 'object' && typeof b === 'object' && Array.isArray(a) === Array.isArray(b)) {
      if (path.endsWith('.DependsOn') && Array.isArray(a)) [a, b] = [[...a].sort(), [...b].sort()];
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk(a[key], b[key], `${path}.${key}`);
    } else if (a !== b) differences.push(`${path}: serverless ${JSON.stringify(a)}, poolhouse ${JSON.stringify(b)}`);
  };
  walk(JSON.parse(even(theirs, exact)), JSON.parse(even(ours, exact)), '');
  return differences;
}
