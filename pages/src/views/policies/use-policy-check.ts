import { useEffect, useState } from 'react';
import type { PolicyCheckResult } from '#contract/policies.ts';
import { ags, type Failure, failureOf } from '../../api/client.ts';

const TYPING_PAUSE_MS = 400;

export interface PolicyCheck {
  /** Of the text as it stands; null while it is being looked at. */
  result: PolicyCheckResult | null;
  failure: Failure | null;
}

/** Checked while it is written; an answer to an older text counts for nothing. */
export function usePolicyCheck(source: string): PolicyCheck {
  const [found, setFound] = useState<PolicyCheck & { of: string | null }>({
    of: null,
    result: null,
    failure: null,
  });
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      ags.checkPolicies(source).then(
        (result) => over || setFound({ of: source, result, failure: null }),
        (error) => over || setFound({ of: source, result: null, failure: failureOf(error) }),
      );
    }, TYPING_PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [source]);
  return found.of === source ? found : { result: null, failure: null };
}
