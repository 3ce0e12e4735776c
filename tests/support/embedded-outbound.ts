import type { Request as WorkerRequest } from 'miniflare';
import { Response } from 'miniflare';
import { provisionVault } from '../../scripts/vault/provision.ts';
import { type EmbeddedServices, startEmbedded } from './embedded.ts';

/** The host behind which tests in workerd reach a Vault, a store and a model that speak their protocols. */
export const EMBEDDED_HOST = 'embedded.test';

/** The configuration and its global set-up have copies of this module; the services are one. */
const shared = globalThis as { agsEmbedded?: Promise<EmbeddedServices> };

/** Called by Vitest at the end (`globalSetup`), as nothing else would let its process go. */
export async function teardown(): Promise<void> {
  await (await shared.agsEmbedded)?.stop();
}

/** `POST /_tenant/ID`: makes a tenant ready in Vault; answers with the variables of a Worker that works for it. */
async function variablesFor(services: EmbeddedServices, tenant: string): Promise<Record<string, string>> {
  const login = await provisionVault({
    addr: `${services.url}/vault`,
    token: services.rootToken,
    tenant,
    modelKeys: { embedded: services.modelKey },
  });
  const base = `http://${EMBEDDED_HOST}`;
  return {
    VAULT_ADDR: `${base}/vault`,
    VAULT_ROLE_ID: login.role_id,
    VAULT_SECRET_ID: login.secret_id,
    UPSTASH_REDIS_REST_URL: `${base}/redis`,
    UPSTASH_REDIS_REST_TOKEN: services.redisToken,
    MODEL_BASE_URL: `${base}/openai/v1`,
  };
}

/**
 * Where requests of tests in workerd end. Nothing reaches a network: what answers for Vault, Redis and models is down, except under
 * {@link EMBEDDED_HOST}, whose services start when the first test asks for them.
 */
export async function outbound(request: WorkerRequest): Promise<Response> {
  const url = new URL(request.url);
  if (url.hostname !== EMBEDDED_HOST) return new Response('no network in tests', { status: 503 });
  shared.agsEmbedded ??= startEmbedded();
  const services = await shared.agsEmbedded;
  const [, tenant] = /^\/_tenant\/([\w-]+)$/.exec(url.pathname) ?? [];
  if (tenant) return Response.json(await variablesFor(services, tenant));
  const body = await request.arrayBuffer();
  const answered = await fetch(services.url + url.pathname + url.search, {
    method: request.method,
    headers: Object.fromEntries(request.headers),
    redirect: 'manual',
    ...(body.byteLength > 0 ? { body } : {}),
  });
  return new Response(await answered.arrayBuffer(), {
    status: answered.status,
    headers: { 'content-type': answered.headers.get('content-type') ?? 'application/json' },
  });
}
