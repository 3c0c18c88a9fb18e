// The certified OpenID provider of npm, on a free port of this machine, with one client and no
// database. Its development pages ask for a login and a consent, as a real provider's do.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: process.env.CLIENT_ID,
      client_secret: process.env.CLIENT_SECRET,
      redirect_uris: [process.env.REDIRECT_URI],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: async (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `Người dân ${id}` }),
    }),
    cookies: { keys: ['only-for-tests'] },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
