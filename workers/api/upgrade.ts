import { ProblemError } from './problem.ts';
import { asServerSent, wantsEvents } from './server-sent.ts';

const wantsSocket = (request: Request): boolean =>
  request.headers.get('upgrade')?.toLowerCase() === 'websocket';

/** Before anything is asked of an object: this path streams, one way or the other (API-3). */
export function requireStream(request: Request): void {
  if (wantsSocket(request) || wantsEvents(request)) return;
  throw new ProblemError(
    'upgrade_required',
    'This path speaks WebSocket, or server-sent events if you accept them.',
  );
}

/** Hands an authorised request on to an object's stream. */
export const openStream = (
  request: Request,
  open: (request: Request) => Promise<Response>,
  url: URL,
): Promise<Response> => (wantsSocket(request) ? open(new Request(url, request)) : asServerSent(open, url));
