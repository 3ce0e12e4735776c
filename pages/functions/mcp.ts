interface Context {
  request: Request;
  env: { API: { fetch(request: Request): Promise<Response> } };
}

/** GOV-9: outside agents reach the MCP endpoint at the dashboard's address too. */
export const onRequest = ({ request, env }: Context): Promise<Response> => env.API.fetch(request);
