import { ProblemError } from './problem.ts';

/** Streams speak WebSocket (API-3). */
export function requireUpgrade(request: Request): void {
  if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') return;
  throw new ProblemError('upgrade_required', 'This path speaks WebSocket.');
}
