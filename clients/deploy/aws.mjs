// AWS APIs by hand, signed (AWS General Reference, "Create a signed AWS API request"): what the SDKs would hide, such as a
// body that is not JSON, is what these tests are about.

import { createHash, createHmac } from 'node:crypto';

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hmac = (key, data) => createHmac('sha256', key).update(data).digest();

/** One signed request. Gives `{ status, type, text, json }`. */
export async function call(server, { service, method = 'POST', path = '/', query = '', headers = {}, body = '' }) {
  const { accessKeyId, secretAccessKey } = await server.credentials();
  const at = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${at.slice(0, 8)}/us-east-1/${service}/aws4_request`;
  const content = sha256(body);
  const all = { ...headers, host: new URL(server.base).host, 'x-amz-date': at, 'x-amz-content-sha256': content };
  const names = Object.keys(all).map((name) => name.toLowerCase()).sort();
  const value = (name) => all[Object.keys(all).find((key) => key.toLowerCase() === name)];
  const canonical = [method, service === 's3' ? path : path.split('/').map(encodeURIComponent).join('/'), query,
    ...names.map((name) => `${name}:${value(name)}`), '', names.join(';'), content].join('\n');
  const key = [at.slice(0, 8), 'us-east-1', service, 'aws4_request'].reduce(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n')).toString('hex');
  const { host, ...sent } = all;
  sent.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const answer = await fetch(`${server.base}${path}${query && `?${query}`}`, { method, headers: sent, body: method === 'GET' ? undefined : body });
  const text = await answer.text();
  let json;
  try { json = JSON.parse(text); } catch { json = undefined; }
  return { status: answer.status, type: answer.headers.get('content-type'), headers: answer.headers, text, json };
}

/** An operation of CloudFormation, IAM or STS, which speak the query protocol. */
export function query(server, service, action, input = {}) {
  const version = { cloudformation: '2010-05-15', iam: '2010-05-08', sts: '2011-06-15' }[service];
  return call(server, {
    service, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({ Action: action, Version: version, ...input }).toString(),
  });
}

/** An operation of Cognito or CloudWatch Logs, which speak JSON 1.1. */
export function json(server, service, action, input = {}) {
  const target = { 'cognito-idp': 'AWSCognitoIdentityProviderService', logs: 'Logs_20140328' }[service];
  return call(server, {
    service, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${target}.${action}` },
    body: typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input),
  });
}

/** Every text between `<name>` and `</name>`. */
export const texts = (xml, name) => [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text]) => text);

/** The events of a stack, newest first: `{ id, resource, type, status, reason }`. */
export async function events(server, stack) {
  const { text } = await query(server, 'cloudformation', 'DescribeStackEvents', { StackName: stack });
  return [...text.matchAll(/<member>(.*?)<\/member>/gs)].map(([, member]) => ({
    id: texts(member, 'EventId')[0], resource: texts(member, 'LogicalResourceId')[0], type: texts(member, 'ResourceType')[0],
    status: texts(member, 'ResourceStatus')[0], reason: texts(member, 'ResourceStatusReason')[0],
  }));
}

export async function stackStatus(server, stack) {
  const { status, text } = await query(server, 'cloudformation', 'DescribeStacks', { StackName: stack });
  return status === 200 ? texts(text, 'StackStatus')[0] : undefined;
}

/** All that a stage could leave behind, by kind; names and ids only. */
export async function everything(server) {
  const rest = (service, path) => call(server, { service, method: 'GET', path });
  const [stacks, buckets, groups, functions, pools, roles] = await Promise.all([
    query(server, 'cloudformation', 'DescribeStacks'),
    rest('s3', '/'),
    json(server, 'logs', 'DescribeLogGroups'),
    rest('lambda', '/2015-03-31/functions'),
    json(server, 'cognito-idp', 'ListUserPools', { MaxResults: 60 }),
    query(server, 'iam', 'ListRoles'),
  ]);
  return {
    stacks: texts(stacks.text, 'StackName'),
    buckets: texts(buckets.text, 'Name'),
    logGroups: groups.json.logGroups.map((group) => group.logGroupName),
    functions: functions.json.Functions.map((one) => one.FunctionName),
    pools: pools.json.UserPools.map((pool) => pool.Name).sort(),
    roles: texts(roles.text, 'RoleName'),
  };
}
