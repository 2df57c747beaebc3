// Starts the built binary as a user would, on a free port and an empty data folder, and stops it again.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, cp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.POOLHOUSE_BINARY ?? join(repository, 'target/release/poolhouse');

/** A port that nobody listens on at this moment. */
export async function freePort() {
  const probe = createServer();
  await new Promise((ready, failed) => probe.once('error', failed).listen(0, '127.0.0.1', ready));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** A fresh folder that goes with the test. */
export async function temporaryFolder(name) {
  return mkdtemp(join(tmpdir(), `poolhouse-${name}-`));
}

/** Runs a command to its end. `ok: false` accepts a failure. */
export function run(command, args, { env = {}, cwd, input, ok = true, deadline = 120_000 } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), deadline);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', failed);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const result = { code, signal, stdout, stderr };
      if (ok && code !== 0) failed(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}\n${stdout}\n${stderr}`));
      else done(result);
    });
    // Who ends without reading its input is no failure.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

/**
 * Starts `poolhouse <command>`. `command` is 'serve' or 'dev'; for 'dev' give the service's folder.
 * Returns when the server is ready (and, for 'dev', deployed).
 */
export async function start({ command = 'serve', service, data, port, args = [], env = {} } = {}) {
  port ??= await freePort();
  data ??= await temporaryFolder('data');
  const base = `http://localhost:${port}`;
  const words = [command, ...(service ? [service] : []), '--listen', `127.0.0.1:${port}`, '--base-url', base, '--data', data, ...args];
  const child = spawn(binary, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { base, port, data, child, log: '', exited: false };
  child.stdout.on('data', (text) => (server.log += text));
  child.stderr.on('data', (text) => (server.log += text));
  const ended = new Promise((done) => child.once('close', (code, signal) => ((server.exited = true), done({ code, signal }))));
  server.ended = ended;
  server.credentials = async () => {
    const text = await readFile(join(data, 'credentials'), 'utf8');
    const value = (name) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1];
    return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
  };
  server.environment = async () => {
    const { accessKeyId, secretAccessKey } = await server.credentials();
    return {
      AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1', AWS_ENDPOINT_URL: base, POOLHOUSE_ENDPOINT: base, AWS_PAGER: '',
      AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
  };
  /** The command line against this server. */
  server.poolhouse = async (words, options = {}) => run(binary, words, { ...options, env: { ...(await server.environment()), ...options.env } });
  server.stop = async (signal = 'SIGTERM') => {
    if (!server.exited) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    const result = await ended;
    clearTimeout(timer);
    return result;
  };
  server.remove = async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  };
  await until(async () => {
    if (server.exited) throw new Error(`poolhouse ended before it was ready:\n${server.log}`);
    try {
      return (await fetch(`${base}/health/ready`)).ok;
    } catch {
      return false;
    }
  }, 30_000, () => `poolhouse was not ready in time:\n${server.log}`);
  return server;
}

/** Asks again until the answer is truthy. Deadline-bound; for things that happen in another process. */
export async function until(question, deadline = 20_000, complaint = () => 'it did not happen in time') {
  const end = Date.now() + deadline;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(complaint());
    await new Promise((resume) => setTimeout(resume, 25));
  }
}

/** A copy of an example that a test may change. */
export async function copyOfExample(name) {
  const folder = await temporaryFolder(name);
  await cp(join(repository, 'examples', name), folder, { recursive: true, filter: (path) => !path.includes('.poolhouse') && !path.includes('node_modules') });
  return folder;
}

/** Messages in a server's outbox folder (works for `serve` too), oldest first. */
export async function outbox(server, to) {
  const { readdir, stat } = await import('node:fs/promises');
  const folder = join(server.data, 'outbox');
  let names;
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
  } catch {
    return [];
  }
  const messages = await Promise.all(names.map(async (name) => ({ text: await readFile(join(folder, name), 'utf8'), at: (await stat(join(folder, name))).mtimeMs })));
  return messages.filter(({ text }) => text.includes(to)).sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** The newest code sent to an address, waiting until there are at least `count` messages. */
export async function newestCode(server, to, count = 1) {
  const messages = await until(async () => {
    const found = await outbox(server, to);
    return found.length >= count && found;
  }, 20_000, () => `no message for ${to} (wanted ${count})\n${server.log}`);
  const code = /\b(\d{6})\b/.exec(body(messages.at(-1)));
  if (!code) throw new Error(`no code in:\n${messages.at(-1)}`);
  return code[1];
}

/** A mail's text, unfolded enough to find a code in it. */
export function body(mail) {
  return mail.slice(Math.max(0, mail.search(/\r?\n\r?\n/))).replace(/=\r?\n/g, '');
}
