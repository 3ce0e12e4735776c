import type { PolicyRequest } from '#domain/governance/request.ts';
import type { EntityUidJson, PolicyJson } from './cedar.ts';
import {
  action,
  and,
  Entity,
  entity,
  not,
  principal,
  resource,
  type Term,
  term,
  UNKNOWN,
  unknown,
} from './certain.ts';

/**
 * PERF-4: the policies that Cedar has to look at for a request. One that is certainly not satisfied, and whose evaluation is certainly no
 * error, is neither among the deciding policies nor among the errors; without it the decision, both lists and so the record stay the same.
 */
export const sliceOf = <P extends { rulesOut: RulesOut }>(
  policies: readonly P[],
  request: PolicyRequest,
): P[] => policies.filter(({ rulesOut }) => !rulesOut(request));

export type RulesOut = (request: PolicyRequest) => boolean;

/** True for requests to which the policy certainly does not apply; false says nothing. */
export function rulesOut(policy: PolicyJson): RulesOut {
  const applies = [
    head(policy.principal, principal),
    head(policy.action, action),
    head(policy.resource, resource),
    ...policy.conditions.map(({ kind, body }) => (kind === 'when' ? term(body) : not(term(body)))),
  ].reduce(and);
  return (request) => applies(request) === false;
}

/** Requests bring no hierarchy, so that `in` is the same as being it. */
function head(constraint: PolicyJson['principal' | 'action' | 'resource'], what: Term): Term {
  switch (constraint.op) {
    case 'All':
      return () => true;
    case '==':
      return 'entity' in constraint ? oneOf(what, [constraint.entity]) : unknown;
    case 'in':
      if ('entities' in constraint) return oneOf(what, constraint.entities);
      return 'entity' in constraint ? oneOf(what, [constraint.entity]) : unknown;
    case 'is':
      return isOfType(what, constraint.entity_type, constraint.in !== undefined);
  }
}

function oneOf(what: Term, uids: readonly EntityUidJson[]): Term {
  const entities = uids.map(entity);
  return (request) => {
    const it = what(request);
    return it instanceof Entity ? entities.some((e) => e.type === it.type && e.id === it.id) : UNKNOWN;
  };
}

/** Of another type it is not; `is T in e` asks for more, which Cedar looks at. */
const isOfType =
  (what: Term, type: string, more: boolean): Term =>
  (request) => {
    const it = what(request);
    if (!(it instanceof Entity)) return UNKNOWN;
    if (it.type !== type) return false;
    return more ? UNKNOWN : true;
  };
