// The Serverless Framework v3 brings version 2 of the AWS SDK along, which does not read AWS_ENDPOINT_URL. With
// NODE_OPTIONS='--require …/endpoint.cjs' it does; the `serverless` command itself stays as it is.

const Module = require('node:module');
const load = Module._load;

Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (process.env.AWS_ENDPOINT_URL && (request === 'aws-sdk' || request.endsWith('aws-sdk/lib/core')) && loaded?.config?.update) {
    loaded.config.update({ endpoint: process.env.AWS_ENDPOINT_URL, s3ForcePathStyle: true });
  }
  return loaded;
};
