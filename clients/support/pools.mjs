// Pools and app clients for tests, made through the AWS SDK as an administrator would.

import {
  CognitoIdentityProviderClient, CreateUserPoolClientCommand, CreateUserPoolCommand, CreateUserPoolDomainCommand,
} from '@aws-sdk/client-cognito-identity-provider';

/** An SDK client with the server's root key. */
export async function administrator(server) {
  return new CognitoIdentityProviderClient({ region: 'us-east-1', endpoint: server.base, credentials: await server.credentials(), maxAttempts: 1 });
}

/** An SDK client without any key, as in a browser. */
export function guest(server) {
  return new CognitoIdentityProviderClient({
    region: 'us-east-1', endpoint: server.base, maxAttempts: 1,
    credentials: { accessKeyId: '', secretAccessKey: '' }, signer: { sign: async (request) => request },
  });
}

/** A pool as in the posts, with one client. */
export async function makePool(server, { pool = {}, client = {}, domain } = {}) {
  const admin = await administrator(server);
  const { UserPool } = await admin.send(new CreateUserPoolCommand({
    PoolName: 'test', UsernameAttributes: ['email'], AutoVerifiedAttributes: ['email'],
    Policies: { PasswordPolicy: { MinimumLength: 6, RequireUppercase: true, RequireNumbers: true, RequireLowercase: false, RequireSymbols: false } },
    ...pool,
  }));
  const { UserPoolClient } = await admin.send(new CreateUserPoolClientCommand({
    UserPoolId: UserPool.Id, ClientName: 'web',
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    PreventUserExistenceErrors: 'ENABLED',
    ...client,
  }));
  if (domain) await admin.send(new CreateUserPoolDomainCommand({ UserPoolId: UserPool.Id, Domain: domain }));
  return { admin, poolId: UserPool.Id, clientId: UserPoolClient.ClientId, clientSecret: UserPoolClient.ClientSecret, arn: UserPool.Arn };
}

/** The OAuth half of a client: both flows, all scopes, the example's callback. */
export const oauth = {
  AllowedOAuthFlows: ['code', 'implicit'], AllowedOAuthFlowsUserPoolClient: true,
  AllowedOAuthScopes: ['openid', 'email', 'profile', 'aws.cognito.signin.user.admin'],
  CallbackURLs: ['http://localhost:3000/'], LogoutURLs: ['http://localhost:3000/'], SupportedIdentityProviders: ['COGNITO'],
};
