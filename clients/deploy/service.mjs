// Services for tests: the example with a change, or a file of a few lines.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyOfExample, temporaryFolder } from '../support/server.mjs';

/** A copy of the example whose file a test may edit. */
export async function example() {
  const folder = await copyOfExample('secure-rest-api');
  const file = join(folder, 'serverless.yml');
  const first = await readFile(file, 'utf8');
  return {
    folder,
    /** Writes the file as it was at first with each `from` put as `to`; every `from` must be there. */
    async edit(...changes) {
      let text = first;
      for (const [from, to] of changes) {
        if (!text.includes(from)) throw new Error(`the example has no ${JSON.stringify(from)}`);
        text = text.replace(from, to);
      }
      await writeFile(file, text);
      return text;
    },
    write: (name, text) => writeFile(join(folder, name), text),
  };
}

/** A folder with these files in it. */
export async function folderOf(files) {
  const folder = await temporaryFolder('service');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** The posts' service: a pool and a client, no domain, no OAuth settings. */
export const posts = {
  'handler.js': `'use strict';
exports.hiUsers = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer.claims) });
exports.hiAll = async () => ({ statusCode: 200, body: 'Hi all' });
`,
  'serverless.yml': `service: serverless-cognito
provider:
  name: aws
  runtime: nodejs8.10
  stage: \${opt:stage, 'dev'}
functions:
  hiUsers:
    handler: handler.hiUsers
    events:
      - http:
          path: /hiUsers
          method: get
          authorizer:
            type: COGNITO_USER_POOLS
            authorizerId:
              Ref: ApiGatewayAuthorizer
  hiAll:
    handler: handler.hiAll
    events:
      - http: GET /hiAll
resources:
  Resources:
    CognitoUserPool:
      Type: "AWS::Cognito::UserPool"
      Properties:
        MfaConfiguration: OFF
        UserPoolName: my-user-pool
        UsernameAttributes:
          - email
        Policies:
          PasswordPolicy:
            MinimumLength: 6
            RequireLowercase: False
            RequireNumbers: True
            RequireSymbols: False
            RequireUppercase: True
    CognitoUserPoolClient:
      Type: "AWS::Cognito::UserPoolClient"
      Properties:
        ClientName: my-user-pool-client
        GenerateSecret: False
        UserPoolId:
          Ref: CognitoUserPool
    ApiGatewayAuthorizer:
      DependsOn:
        - ApiGatewayRestApi
      Type: AWS::ApiGateway::Authorizer
      Properties:
        Name: cognito-authorizer
        IdentitySource: method.request.header.Authorization
        RestApiId:
          Ref: ApiGatewayRestApi
        Type: COGNITO_USER_POOLS
        ProviderARNs:
          - Fn::GetAtt: [CognitoUserPool, Arn]
`,
};
