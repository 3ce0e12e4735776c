import * as z from 'zod';
import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { buildOpenApi } from '../openapi.ts';
import { errorsPage, html, referencePage } from '../reference.ts';

const Html = z.string().describe('HTML');

/** Made on first use: it costs a few milliseconds that a request for a pipeline need not pay. */
export function docs(endpoints: () => readonly Endpoint[]): Endpoint[] {
  let made: ReturnType<typeof buildOpenApi> | null = null;
  const document = () => {
    made ??= buildOpenApi(endpoints());
    return made;
  };
  return [
    endpoint('GET /api/openapi.json', {
      summary: 'This API as OpenAPI 3.1',
      answers: { 200: z.unknown() },
      handle: () => json(200, document(), { 'cache-control': 'public, max-age=300' }),
    }),
    endpoint('GET /api/docs', {
      summary: 'The reference as a page',
      answers: { 200: Html },
      mediaType: 'text/html',
      handle: () => html(referencePage(document())),
    }),
    endpoint('GET /api/docs/errors', {
      summary: 'Every error code, what it means and what to do',
      answers: { 200: Html },
      mediaType: 'text/html',
      handle: () => html(errorsPage()),
    }),
  ];
}
