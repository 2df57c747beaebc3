'use strict';

const headers = {
  'Content-Type': 'application/json',
  'Access-Control-Allow-Origin': process.env.ALLOWED_ORIGIN,
  'Access-Control-Allow-Credentials': 'true',
};

const answer = (body) => ({ statusCode: 200, headers, body: JSON.stringify(body) });

/** Behind the authorizer: whoever gets here has a valid token, and its claims say who it is. */
exports.registeredOnly = async (event) => {
  const { claims } = event.requestContext.authorizer;
  console.log(`a visit of ${claims.sub}`);
  return answer({ message: `Hi ${claims.email}!`, claims });
};

/** In front of it: nobody knows who this is. */
exports.guests = async () => answer({ message: 'Hi everybody!' });
