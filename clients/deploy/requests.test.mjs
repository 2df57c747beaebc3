// Requests that are wrong get one clear error, each in its protocol's shape.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../support/server.mjs';
import { makePool } from '../support/pools.mjs';
import { call, json, query, texts } from './aws.mjs';

const TEMPLATE = JSON.stringify({ Resources: { Group: { Type: 'AWS::Logs::LogGroup' } } });
let server;
let pool;
before(async () => { server = await start(); pool = await makePool(server); });
after(async () => { await server?.remove(); });

/** JSON 1.1: the code in `__type`, the words in `message`. */
const isJson = (answer, status, code, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.type, 'application/x-amz-json-1.1');
  assert.equal(answer.json.__type, code, answer.text);
  assert.match(answer.json.message ?? answer.json.Message ?? '', words);
};

test('JSON 1.1: what is not a request of Cognito', async () => {
  const cognito = (action, input) => json(server, 'cognito-idp', action, input);
  isJson(await cognito('DescribeUserPool', 'not json'), 400, 'SerializationException', /./);
  isJson(await cognito('DescribeUserPool', '{"UserPoolId": "x"'), 400, 'SerializationException', /./);
  isJson(await cognito('DescribeUserPool', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), 400, 'SerializationException', /./);
  isJson(await cognito('DescribeUserPool', '[]'), 400, 'SerializationException', /./);
  isJson(await cognito('DescribeUserPool', { UserPoolId: 7 }), 400, 'SerializationException', /./);
  isJson(await cognito('ListUserPools', { MaxResults: 'many' }), 400, 'SerializationException', /./);
  isJson(await cognito('ListUserPools', { MaxResults: 61 }), 400, 'InvalidParameterException', /'maxResults' failed to satisfy constraint: Member must have value less than or equal to 60/);
  isJson(await cognito('DescribeUserPool', {}), 400, 'InvalidParameterException', /'userPoolId' failed to satisfy constraint: Member must not be null/);
  isJson(await cognito('CreateUserPool', { PoolName: 'x'.repeat(129) }), 400, 'InvalidParameterException', /'poolName' failed to satisfy constraint: Member must have length less than or equal to 128/);
  isJson(await cognito('MakeCoffee', {}), 400, 'UnknownOperationException', /^/);
  isJson(await cognito('DescribeUserPool', { UserPoolId: 'us-east-1_Nowhere12' }), 400, 'ResourceNotFoundException', /us-east-1_Nowhere12 does not exist/);
  // Deep nesting must not exhaust the stack.
  isJson(await cognito('CreateUserPool', `{"PoolName":${'['.repeat(100_000)}`), 400, 'SerializationException', /./);
});

test('JSON 1.1: past a limit of the size, and still well', async () => {
  const large = await json(server, 'cognito-idp', 'DescribeUserPool', JSON.stringify({ UserPoolId: 'x'.repeat((1 << 20) + 1) }));
  assert.equal(large.status, 413, large.text.slice(0, 200));
  assert.ok(large.json?.__type, large.text.slice(0, 200));
  assert.equal((await json(server, 'cognito-idp', 'ListUserPools', { MaxResults: 1 })).status, 200);
});

test('JSON 1.1, unsigned: sign-up', async () => {
  const signUp = async (body) => {
    const answer = await fetch(server.base, { method: 'POST', body, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.SignUp' } });
    const text = await answer.text();
    return { status: answer.status, type: answer.headers.get('content-type'), text, json: JSON.parse(text) };
  };
  isJson(await signUp('{'), 400, 'SerializationException', /./);
  isJson(await signUp(JSON.stringify({ ClientId: pool.clientId, Username: { a: 1 }, Password: 'x' })), 400, 'SerializationException', /./);
  isJson(await signUp(JSON.stringify({ ClientId: pool.clientId, Username: 'a@example.com', Password: 'short' })), 400, 'InvalidPasswordException', /Password/);
  isJson(await signUp(JSON.stringify({ ClientId: 'nobody', Username: 'a@example.com', Password: 'Passw0rd' })), 400, 'ResourceNotFoundException', /nobody does not exist/);
});

test('query: CloudFormation, IAM and STS answer in XML', async () => {
  const isXml = (answer, status, code, words) => {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.type, /^text\/xml/);
    assert.equal(texts(answer.text, 'Code')[0], code, answer.text);
    assert.match(answer.text, /<ErrorResponse [^>]*>[\s\S]*<Error>[\s\S]*<Type>Sender<\/Type>[\s\S]*<RequestId>[^<]+<\/RequestId>/);
    assert.match(texts(answer.text, 'Message')[0], words);
  };
  isXml(await query(server, 'cloudformation', 'DescribeStacks', { StackName: 'nowhere' }), 400, 'ValidationError', /Stack with id nowhere does not exist/);
  isXml(await query(server, 'cloudformation', 'BrewTea'), 400, 'InvalidAction', /BrewTea/);
  isXml(await query(server, 'cloudformation', 'CreateStack', { StackName: 'x' }), 400, 'ValidationError', /[Tt]emplate/);
  isXml(await query(server, 'cloudformation', 'CreateStack', { StackName: '1 x', TemplateBody: TEMPLATE }), 400, 'ValidationError', /stackName/);
  isXml(await query(server, 'cloudformation', 'CreateStack', { StackName: 'x', TemplateBody: '{"Resources": ' }), 400, 'ValidationError', /./);
  isXml(await query(server, 'cloudformation', 'CreateStack', { StackName: 'x', TemplateBody: '{}', TimeoutInMinutes: 'soon' }), 400, 'MalformedInput', /TimeoutInMinutes must be an integer/);
  isXml(await query(server, 'sts', 'AssumeRole', { RoleArn: 'x' }), 400, 'ValidationError', /./);
  const utf = await call(server, { service: 'cloudformation', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Action=DescribeStacks&Version=2010-05-15&StackName=%ff%fe' });
  assert.equal(utf.status, 400);
  assert.match(utf.type, /^text\/xml/);
});

test('REST-JSON: Lambda', async () => {
  const lambda = (method, path, body = '', headers = {}) => call(server, { service: 'lambda', method, path, body, headers: body ? { 'content-type': 'application/json', ...headers } : headers });
  const isRest = (answer, status, code, words) => {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.type, /^application\/json/);
    assert.equal(answer.headers.get('x-amzn-errortype')?.split(':')[0], code, answer.text);
    assert.match(answer.json.message ?? answer.json.Message, words);
  };
  isRest(await lambda('GET', '/2015-03-31/functions/nobody'), 404, 'ResourceNotFoundException', /Function not found: .*nobody/);
  isRest(await lambda('POST', '/2015-03-31/functions', '{'), 400, 'SerializationException', /parse/);
  isRest(await lambda('POST', '/2015-03-31/functions', '{}'), 400, 'ValidationException', /Member must not be null/);
  isRest(await lambda('POST', '/2015-03-31/functions', JSON.stringify({ FunctionName: 5 })), 400, 'SerializationException', /./);
  isRest(await lambda('GET', '/2015-03-31/nothing/here'), 404, 'UnknownOperationException', /^/);
});

test('REST-XML: S3', async () => {
  const gone = await call(server, { service: 's3', method: 'GET', path: '/no-such-bucket/key' });
  assert.equal(gone.status, 404);
  assert.match(gone.type, /xml/);
  assert.equal(texts(gone.text, 'Code')[0], 'NoSuchBucket');
});

test('a service that is not here is named, and the framework’s question after container images is answered', async () => {
  const ask = (service, target) => call(server, { service, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }, body: '{}' });
  isJson(await ask('dynamodb', 'DynamoDB_20120810.ListTables'), 404, 'UnknownOperationException', /no service 'dynamodb' on this server/);
  isJson(await ask('ecr', 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories'), 400, 'RepositoryNotFoundException', /no container repositories/);
});

test('a deployed path that is not there, and a body that no gateway takes', async () => {
  const nowhere = await fetch(`${server.base}/apis/abcdefghij/dev/x`);
  assert.equal(nowhere.status, 403);
  assert.deepEqual(await nowhere.json(), { message: 'Forbidden' });
});
