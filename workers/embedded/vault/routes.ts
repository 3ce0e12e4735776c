import type { TokenRow, VaultStore } from './tokens.ts';
import type { Operation, Outcome } from './wire.ts';

export interface Call extends VaultStore {
  params: Record<string, string>;
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** The caller's token as sent, and its row; a path open to all has an empty one. */
  clientToken: string;
  token: TokenRow;
  sudo: boolean;
  rootToken: string;
}

export type Handler = (call: Call) => Outcome;

export interface Route {
  /** `:name` is one segment, `:name*` the rest. */
  path: string;
  mount: string;
  ops: Partial<Record<Operation, Handler>>;
  /** Needs no token (login, health). */
  open?: boolean;
  /** Needs the `sudo` capability as well. */
  sudo?: boolean;
  /** Where Vault tells `create` from `update` by whether the thing exists. */
  exists?: (call: Pick<Call, 'sql' | 'params'>) => boolean;
}

export function matchRoute(
  routes: Route[],
  path: string,
): { route: Route; params: Record<string, string> } | null {
  const given = path.split('/');
  for (const route of routes) {
    const wanted = route.path.split('/');
    const rest = wanted.at(-1)?.endsWith('*') ?? false;
    if (rest ? given.length < wanted.length : given.length !== wanted.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((segment, index) => {
      if (!segment.startsWith(':')) return segment === given[index];
      const last = rest && index === wanted.length - 1;
      const value = last ? given.slice(index).join('/') : (given[index] ?? '');
      params[segment.slice(1).replace('*', '')] = value;
      return value !== '' || last;
    });
    if (fits) return { route, params };
  }
  return null;
}
