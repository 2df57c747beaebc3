// The Node side of a Poolhouse worker: loads the handler, then asks the Lambda Runtime API for one event after
// another. It talks over a socket it was born with (no address to guess, nothing to connect to) and reads it with
// plain blocking calls: between two invocations the process stands still, as a frozen execution environment does
// (AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"), and an invocation costs
// one read and one write.
'use strict';

const fs = require('fs');
const path = require('path');
const util = require('util');

const LINE = Number(process.env.POOLHOUSE_RUNTIME_FD);
const API = '/2018-06-01/runtime';
delete process.env.POOLHOUSE_RUNTIME_FD;

// ---- the line to the server -------------------------------------------------------------------------------------

const outgoing = Buffer.allocUnsafeSlow(65536);
let incoming = Buffer.allocUnsafeSlow(65536);
let filled = 0;

function writeAll(fd, bytes, from, to) {
  while (from < to) {
    try {
      from += fs.writeSync(fd, bytes, from, to - from);
    } catch (error) {
      if (error.code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      else if (error.code === 'EPIPE') return;
      else throw error;
    }
  }
}

/** What a head may take in front of a body that was written first. */
const ROOM = 512;

/** Sends one request, and with `andNext` the question for the next event behind it, in a single write. */
function post(target, headers, body, andNext) {
  // A character takes at most three bytes: whatever this one comes to, it fits.
  const most = ROOM + body.length * 3 + NEXT.length;
  const frame = most <= outgoing.length ? outgoing : Buffer.allocUnsafe(ROOM + Buffer.byteLength(body) + NEXT.length);
  const length = frame.utf8Write(body, ROOM);
  const head = `POST ${API}${target} HTTP/1.1\r\nhost: runtime\r\n${headers}content-length: ${length}\r\n\r\n`;
  const from = ROOM - head.length;
  frame.latin1Write(head, from);
  let to = ROOM + length;
  if (andNext) to += frame.latin1Write(NEXT, to);
  writeAll(LINE, frame, from, to);
}

const NEXT = `GET ${API}/invocation/next HTTP/1.1\r\nhost: runtime\r\n\r\n`;

function readMore() {
  if (filled === incoming.length) {
    const larger = Buffer.allocUnsafeSlow(incoming.length * 2);
    incoming.copy(larger, 0, 0, filled);
    incoming = larger;
  }
  const count = fs.readSync(LINE, incoming, filled, incoming.length - filled, null);
  if (count === 0) process.exit(0); // the server has let go of this worker
  filled += count;
}

/** The next event: `{ head, body }`. Acknowledgements of what was posted before are passed over. */
function readEvent() {
  for (;;) {
    let end;
    // What lies behind `filled` is of an earlier event.
    while ((end = incoming.indexOf('\r\n\r\n', 0, 'latin1')) < 0 || end + 4 > filled) readMore();
    const head = incoming.latin1Slice(0, end + 2);
    const from = end + 4;
    const to = from + Number(field(head, '\r\ncontent-length: ') || 0);
    while (filled < to) readMore();
    const body = head.startsWith('200', 9) ? incoming.utf8Slice(from, to) : undefined;
    if (filled > to) incoming.copyWithin(0, to, filled);
    filled -= to;
    if (incoming.length > 1048576 && filled < 65536) {
      const smaller = Buffer.allocUnsafeSlow(65536); // one large event must not stay in memory
      incoming.copy(smaller, 0, 0, filled);
      incoming = smaller;
    }
    if (body !== undefined) return { head, body };
  }
}

/** A header's value. Cheaper than taking all of them apart. */
function field(head, name) {
  const at = head.indexOf(name);
  if (at < 0) return undefined;
  const from = at + name.length;
  return head.slice(from, head.indexOf('\r\n', from));
}

// ---- console ----------------------------------------------------------------------------------------------------

const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const FRAME = 0xa55a0003;
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const asJson = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
const lowest = LEVELS[(process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()] || LEVELS.TRACE;

/** One log event, whole even where it has several lines: a frame of mark, length, microseconds, text. */
function writeLog(text, now) {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(16 + length);
  const micros = now * 1000;
  frame.writeUInt32BE(FRAME, 0);
  frame.writeUInt32BE(length, 4);
  frame.writeUInt32BE(Math.floor(micros / 4294967296), 8);
  frame.writeUInt32BE(micros % 4294967296, 12);
  frame.utf8Write(text, 16);
  writeAll(1, frame, 0, frame.length);
}

function errorAsJson(_key, value) {
  if (!(value instanceof Error)) return value;
  const stackTrace = typeof value.stack === 'string' ? value.stack.split('\n') : value.stack;
  return { errorType: value.constructor?.name ?? 'UnknownError', errorMessage: value.message, stackTrace, ...value };
}

function jsonEntry(level, timestamp, values) {
  const entry = { timestamp, level, requestId: globalThis[REQUEST_ID] };
  if (values.length === 1) {
    entry.message = values[0];
    try {
      return JSON.stringify(entry, errorAsJson);
    } catch {
      entry.message = util.format(values[0]);
      return JSON.stringify(entry);
    }
  }
  entry.message = util.format(...values);
  const failure = values.find((value) => value instanceof Error);
  if (failure) Object.assign(entry, errorAsJson('', failure));
  return JSON.stringify(entry);
}

function logger(level) {
  if (LEVELS[level] < lowest && level !== 'FATAL') return () => {};
  return (...values) => {
    const now = new Date();
    const time = now.toISOString();
    const text = asJson
      ? jsonEntry(level, time, values)
      : `${time}\t${globalThis[REQUEST_ID]}\t${level}\t${util.format(...values)}\n`;
    writeLog(text, now.getTime());
  };
}

console.trace = logger('TRACE');
console.debug = logger('DEBUG');
console.info = console.log = logger('INFO');
console.warn = logger('WARN');
console.error = logger('ERROR');
console.fatal = logger('FATAL');

// ---- errors -----------------------------------------------------------------------------------------------------

/** An error of the runtime rather than of the function: its type is `Runtime.<kind>`. */
function runtimeError(kind, message, cause) {
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: `Runtime.${kind}`, configurable: true, writable: true });
  if (cause && typeof cause.stack === 'string') error.stack = cause.stack;
  return error;
}

function looksLikeError(value) {
  return util.types.isNativeError(value)
    || (value && [value.name, value.message, value.stack].every((part) => typeof part === 'string' && part));
}

/** What the caller of the function sees. */
function errorBody(error) {
  try {
    if (looksLikeError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of '
        + 'its message, name, and stack',
    };
  }
}

function withHiddenFields(_key, value) {
  if (!(value instanceof Error)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
}

function logError(what, error) {
  if (asJson) return console.error(error instanceof Error ? error : new Error(error));
  let text;
  try {
    text = JSON.stringify(error instanceof Error ? error : new Error(error), withHiddenFields);
  } catch {
    text = JSON.stringify(errorBody(error));
  }
  console.error(what, `\t${text}`);
}

function postError(target, error, andNext) {
  const body = errorBody(error);
  const type = String(body.errorType).replace(/[^\w.:-]/g, '').slice(0, 128);
  post(target, `lambda-runtime-function-error-type: ${type}\r\n`, JSON.stringify(body), andNext);
}

// ---- the handler ------------------------------------------------------------------------------------------------

const exists = (file) => { try { return fs.statSync(file).isFile(); } catch { return false; } };

/** Whether the nearest package.json makes `.js` files ES modules. */
function isModuleFolder(folder) {
  if (folder.endsWith('/node_modules')) return false;
  const file = path.join(folder, 'package.json');
  if (exists(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, 'utf8'))?.type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = path.dirname(folder);
  return parent !== folder && folder !== process.env.LAMBDA_TASK_ROOT && isModuleFolder(parent);
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  const asModule = isModuleFolder(path.dirname(file));
  if (exists(file)) return require(file);
  if (exists(`${file}.js`)) return asModule ? import(`${file}.js`) : require(`${file}.js`);
  if (exists(`${file}.mjs`)) return import(`${file}.mjs`);
  if (exists(`${file}.cjs`)) return require(`${file}.cjs`);
  if (Number(process.versions.node.split('.')[0]) >= 24) {
    if (exists(`${file}.ts`)) return asModule ? import(`${file}.ts`) : require(`${file}.ts`);
    if (exists(`${file}.mts`)) return import(`${file}.mts`);
    if (exists(`${file}.cts`)) return require(`${file}.cts`);
  }
  return require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

async function loadHandler(root, full) {
  if (full.includes('..')) {
    throw runtimeError('MalformedHandlerName', `'${full}' is not a valid handler name. Use absolute paths when `
      + 'specifying root directories in handler names.');
  }
  const base = path.basename(full);
  const folder = full.slice(0, full.indexOf(base));
  const dot = base.indexOf('.');
  if (dot < 0) throw runtimeError('MalformedHandlerName', 'Bad handler');
  let module;
  try {
    module = await loadModule(root, folder, base.slice(0, dot));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw runtimeError('UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
    }
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw runtimeError('ImportModuleError', `Error: ${error.message}`, error);
    }
    throw error;
  }
  const handler = base.slice(dot + 1).split('.').reduce((object, key) => object && object[key], module);
  if (!handler) throw runtimeError('HandlerNotFound', `${full} is undefined or not exported`);
  if (typeof handler !== 'function') throw runtimeError('HandlerNotFound', `${full} is not a function`);
  return handler;
}

// ---- response streaming: what the handler writes is gathered and answered as one payload ------------------------

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

function responseStream() {
  const { Writable } = require('stream');
  const parts = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      parts.push(chunk);
      done();
    },
  });
  stream.setContentType = () => {};
  stream.gathered = () => Buffer.concat(parts).toString('utf8');
  return stream;
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = 'response';
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

// ---- one invocation ---------------------------------------------------------------------------------------------

/** What is the same in every context. */
const FIXED = {
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
};

let handler;
let current; // the invocation under way, where there is one
let onEmptyLoop; // what to do when nothing is left to wait for

process.on('beforeExit', () => {
  const action = onEmptyLoop;
  onEmptyLoop = undefined;
  if (action) action();
});

function crash(what, error, status) {
  logError(what, error);
  postError(current ? `/invocation/${current}/error` : '/init/error', error, false);
  process.exit(status);
}

process.on('uncaughtException', (error) => crash('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) => {
  const error = runtimeError('UnhandledPromiseRejection', String(reason));
  error.reason = reason;
  error.promise = promise;
  crash('Unhandled Promise Rejection', error, 128);
});

function succeedWith(id, result) {
  if (current !== id) return;
  let body;
  try {
    body = JSON.stringify(result === undefined ? null : result);
    if (body === undefined) body = 'null';
  } catch {
    return failWith(id, new Error('Unable to stringify response body'));
  }
  answered(id);
  post(`/invocation/${id}/response`, '', body, true);
}

function failWith(id, error) {
  if (current !== id) return;
  const shown = error === undefined || error === null ? 'handled' : error;
  logError('Invoke Error', shown);
  answered(id);
  postError(`/invocation/${id}/error`, shown, true);
}

/** The invocation is over. The next one begins after what the handler still has queued for this turn has run. */
function answered() {
  current = undefined;
  onEmptyLoop = undefined;
  setImmediate(next);
}

function next() {
  const { head, body } = readEvent();
  const id = field(head, '\r\nlambda-runtime-aws-request-id: ');
  current = id;
  globalThis[REQUEST_ID] = id;

  // Only the first of callback, done, succeed and fail counts.
  let finished = false;
  let waits = true;
  const once = (act) => (...values) => {
    if (finished) return;
    finished = true;
    onEmptyLoop = undefined;
    act(...values);
  };
  const given = (value) => value !== undefined && value !== null;
  const done = once((error, result) => (given(error) ? failWith(id, error) : succeedWith(id, result)));
  const callback = once((error, result) => {
    if (given(error)) failWith(id, error);
    else if (!waits) succeedWith(id, result);
    else onEmptyLoop = () => setImmediate(() => succeedWith(id, result));
  });

  // Counted from when the event came, so that it holds whatever the two clocks say.
  const remaining = Number(field(head, '\r\npoolhouse-remaining-ms: '));
  const began = performance.now();
  try {
    const context = {
      get callbackWaitsForEmptyEventLoop() { return waits; },
      set callbackWaitsForEmptyEventLoop(value) { waits = value; },
      succeed: (result) => done(null, result),
      fail: (error) => done(given(error) ? error : 'handled'),
      done,
      ...FIXED,
      clientContext: parsed(field(head, '\r\nlambda-runtime-client-context: ')),
      identity: parsed(field(head, '\r\nlambda-runtime-cognito-identity: ')),
      invokedFunctionArn: field(head, '\r\nlambda-runtime-invoked-function-arn: '),
      awsRequestId: id,
      getRemainingTimeInMillis: () => Math.round(remaining - (performance.now() - began)),
    };
    const event = JSON.parse(body);
    if (handler[STREAMING]) return runStreaming(id, event, context);
    onEmptyLoop = () => {
      if (handler.constructor?.name === 'AsyncFunction') {
        failWith(id, runtimeError('NodeJsExit', 'The Lambda runtime client detected an unexpected Node.js exit code. '
          + 'This is most commonly caused by a Promise that was never settled. For more information, see '
          + 'https://nodejs.org/docs/latest/api/process.html#exit-codes'));
      } else {
        succeedWith(id, null);
      }
    };
    const result = handler(event, context, callback);
    if (result && typeof result.then === 'function') {
      result.then((value) => done(null, value), (error) => done(given(error) ? error : 'handled'));
    }
  } catch (error) {
    finished = true;
    failWith(id, error);
  }
}

function parsed(text) {
  return text === undefined ? undefined : JSON.parse(text);
}

async function runStreaming(id, event, context) {
  const stream = responseStream();
  onEmptyLoop = () => failWith(id, new Error('Response stream is not finished.'));
  try {
    await handler(event, stream, context);
    if (!stream.writableEnded) return failWith(id, new Error('Response stream is not finished.'));
    if (current !== id) return;
    answered(id);
    post(`/invocation/${id}/response`, '', stream.gathered(), true);
  } catch (error) {
    failWith(id, error);
  }
}

// ---- start ------------------------------------------------------------------------------------------------------

loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER).then(
  (loaded) => {
    handler = loaded;
    const hello = Buffer.from(NEXT, 'latin1');
    writeAll(LINE, hello, 0, hello.length);
    setImmediate(next);
  },
  (error) => {
    logError('Uncaught Exception', error);
    postError('/init/error', error, false);
    process.exit(1);
  },
);
