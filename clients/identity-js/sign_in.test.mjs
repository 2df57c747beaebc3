// amazon-cognito-identity-js, unchanged: what an app written for Cognito does all day.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { newestCode, start } from '../support/server.mjs';
import { makePool } from '../support/pools.mjs';

const email = 'ada@example.com';
let server;
let userPool;

before(async () => {
  server = await start();
  const { poolId, clientId } = await makePool(server);
  userPool = new CognitoUserPool({ UserPoolId: poolId, ClientId: clientId, endpoint: server.base });
});
after(() => server?.remove());

const user = () => new CognitoUser({ Username: email, Pool: userPool });
const call = (action) => new Promise((done, failed) => action((error, result) => (error ? failed(error) : done(result))));
const signIn = (who, password) =>
  new Promise((onSuccess, onFailure) => who.authenticateUser(new AuthenticationDetails({ Username: email, Password: password }), { onSuccess, onFailure }));

test('signs up, is held until confirmed, and signs in with SRP', async () => {
  const attributes = [new CognitoUserAttribute({ Name: 'email', Value: email })];
  const { userSub, userConfirmed } = await call((done) => userPool.signUp(email, 'Passw0rd', attributes, [], done));
  assert.match(userSub, /^[0-9a-f-]{36}$/);
  assert.equal(userConfirmed, false);
  await assert.rejects(signIn(user(), 'Passw0rd'), { code: 'UserNotConfirmedException' });
  await assert.rejects(call((done) => user().confirmRegistration('000000', false, done)), { code: 'CodeMismatchException' });
  const code = await newestCode(server, email);
  assert.equal(await call((done) => user().confirmRegistration(code, false, done)), 'SUCCESS');
  const session = await signIn(user(), 'Passw0rd');
  const claims = session.getIdToken().decodePayload();
  assert.equal(claims.email, email);
  assert.equal(claims.email_verified, true);
  assert.equal(claims.sub, userSub);
  assert.equal(claims.token_use, 'id');
  assert.ok(session.isValid());
});

test('a wrong password and an unknown person get the same words', async () => {
  const wrong = await signIn(user(), 'Wrong0ne').catch((error) => error);
  const stranger = new CognitoUser({ Username: 'nobody@example.com', Pool: userPool });
  const unknown = await new Promise((onSuccess, onFailure) =>
    stranger.authenticateUser(new AuthenticationDetails({ Username: 'nobody@example.com', Password: 'Wrong0ne' }), { onSuccess, onFailure })).catch((error) => error);
  assert.deepEqual([wrong.code, wrong.message], ['NotAuthorizedException', 'Incorrect username or password.']);
  assert.deepEqual([unknown.code, unknown.message], [wrong.code, wrong.message]);
});

test('reads and changes attributes', async () => {
  const me = user();
  await signIn(me, 'Passw0rd');
  await call((done) => me.updateAttributes([new CognitoUserAttribute({ Name: 'name', Value: 'Ada Lovelace' })], done));
  const attributes = Object.fromEntries((await call((done) => me.getUserAttributes(done))).map((one) => [one.getName(), one.getValue()]));
  assert.equal(attributes.name, 'Ada Lovelace');
  assert.equal(attributes.email_verified, 'true');
});

test('refreshes', async () => {
  const me = user();
  const first = await signIn(me, 'Passw0rd');
  const token = new CognitoRefreshToken({ RefreshToken: first.getRefreshToken().getToken() });
  const second = await call((done) => me.refreshSession(token, done));
  assert.equal(second.getIdToken().decodePayload().origin_jti, first.getIdToken().decodePayload().origin_jti);
  assert.notEqual(second.getAccessToken().getJwtToken(), first.getAccessToken().getJwtToken());
});

test('changes the password; the old one is of no use any more', async () => {
  const me = user();
  await signIn(me, 'Passw0rd');
  assert.equal(await call((done) => me.changePassword('Passw0rd', 'Chang3d', done)), 'SUCCESS');
  await assert.rejects(signIn(user(), 'Passw0rd'), { code: 'NotAuthorizedException' });
  await signIn(user(), 'Chang3d');
});

test('forgets the password and sets another by code, once', async () => {
  await new Promise((done, failed) => user().forgotPassword({ onSuccess: done, onFailure: failed, inputVerificationCode: done }));
  const code = await newestCode(server, email, 2);
  const reset = (password) => new Promise((onSuccess, onFailure) => user().confirmPassword(code, password, { onSuccess, onFailure }));
  await assert.rejects(reset('weak'), { code: 'InvalidPasswordException' });
  await reset('Rec0vered');
  const again = await reset('Ag4inPlease').catch((error) => error);
  assert.match(String(again.code), /^(ExpiredCode|CodeMismatch)Exception$/);
  await signIn(user(), 'Rec0vered');
});

test('signs out everywhere: refresh and access tokens are of no use', async () => {
  const me = user();
  const session = await signIn(me, 'Rec0vered');
  await new Promise((onSuccess, onFailure) => me.globalSignOut({ onSuccess, onFailure }));
  const token = new CognitoRefreshToken({ RefreshToken: session.getRefreshToken().getToken() });
  await assert.rejects(call((done) => user().refreshSession(token, done)), { code: 'NotAuthorizedException' });
});

test('deletes itself', async () => {
  const me = user();
  await signIn(me, 'Rec0vered');
  assert.equal(await call((done) => me.deleteUser(done)), 'SUCCESS');
  await assert.rejects(signIn(user(), 'Rec0vered'), { code: 'NotAuthorizedException' });
});
