/** Where Vault, store and model answer, and what a client needs to speak to them. */
export interface Services {
  url: string;
  tenant: string;
  /** Of the control plane's AppRole. */
  login: { role_id: string; secret_id: string };
  redis_token: string;
}

/** How many calls {@link pipelineCalls} makes; the bench compares it with what the product makes for a pipeline. */
export const CALLS = 25;
const ROUNDS = 2;
/** About what the product asks a model in the bench (bytes). */
const PROMPT_BYTES = 6_000;

interface Auth {
  client_token: string;
  accessor: string;
}
interface Answer {
  data: { role_id: string; secret_id: string };
  auth: Auth;
}

/** `fetch` and nothing around it. */
function bareClient({ url, redis_token }: Services) {
  const send = (method: string, path: string, token: string | null, body?: object): Promise<Response> =>
    fetch(`${url}/vault/v1/${path}`, {
      method,
      headers: { 'x-vault-request': 'true', ...(token !== null && { 'x-vault-token': token }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  const read = async (response: Response): Promise<string> => {
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`);
    return text;
  };
  return {
    async vault(method: string, path: string, token: string | null, body?: object): Promise<Answer> {
      const text = await read(await send(method, path, token, body));
      return (text === '' ? {} : JSON.parse(text)) as Answer;
    },
    async gone(accessor: string, token: string): Promise<void> {
      const response = await send('POST', 'auth/token/lookup-accessor', token, { accessor });
      await response.text();
      if (response.ok) throw new Error('a revoked token lives on');
    },
    async store(...command: string[]): Promise<void> {
      const headers = { authorization: `Bearer ${redis_token}` };
      await read(await fetch(`${url}/redis`, { method: 'POST', headers, body: JSON.stringify(command) }));
    },
    async model(schema: string): Promise<void> {
      const body = JSON.stringify({ name: schema, prompt: 'x'.repeat(PROMPT_BYTES) });
      await read(await fetch(`${url}/openai/v1/chat/completions`, { method: 'POST', body }));
    },
  };
}

/**
 * The calls that one pipeline of the bench cannot do without (CRED-1, CRED-2, CRED-4, AGENT-2), in the same order and as parallel as they are
 * there: a login, a token per agent, the model's key before each call of the model, the revocation with its lookups. Answers with a function
 * that makes them once.
 */
export async function pipelineCalls(services: Services): Promise<() => Promise<void>> {
  const { vault, gone, store, model } = bareClient(services);
  const { tenant } = services;
  const control = (await vault('POST', 'auth/approle/login', null, services.login)).auth.client_token;
  const role = `auth/approle/role/pipeline-${tenant}`;
  const { role_id } = (await vault('GET', `${role}/role-id`, control)).data;

  return async () => {
    const id = crypto.randomUUID();
    const keep = (name: string, token: string): Promise<void> =>
      store('SET', `${id}:${name}`, token, 'EX', '60');
    const { secret_id } = (await vault('POST', `${role}/secret-id`, control, { num_uses: 1 })).data;
    const own = (await vault('POST', 'auth/approle/login', null, { role_id, secret_id })).auth;
    await keep('own', own.client_token);
    const accessors = [own.accessor];

    const seat = async (schema: string, rounds: number): Promise<void> => {
      const wanted = { policies: [`agent-${tenant}-t0`], ttl: '7200s', renewable: true };
      const { auth } = await vault('POST', `auth/token/create/agent-${tenant}`, own.client_token, wanted);
      accessors.push(auth.accessor);
      await keep(schema, auth.client_token);
      for (let round = 0; round < rounds; round += 1) {
        await vault('GET', `secret/data/tenants/${tenant}/models/compatible`, auth.client_token);
        await model(schema);
      }
    };
    await seat('planner_report', 1);
    await Promise.all([seat('research_turn', ROUNDS), seat('synthesis_turn', ROUNDS)]);

    await vault('POST', 'auth/token/revoke-accessor', control, { accessor: own.accessor });
    await Promise.all(accessors.map((accessor) => gone(accessor, control)));
    await store(
      'DEL',
      ...['own', 'planner_report', 'research_turn', 'synthesis_turn'].map((n) => `${id}:${n}`),
    );
  };
}
