import { useEffect, useState } from 'react';
import type { PlanCheckResult } from '#client/index.ts';
import { ags, type Failure, failureOf } from '../../api/client.ts';

export type PlanCheck =
  | { phase: 'empty' }
  | { phase: 'checking' }
  | { phase: 'done'; result: PlanCheckResult }
  | { phase: 'failed'; failure: Failure };

const TYPING_PAUSE_MS = 400;

/** Asks the API about the plan whenever its text or files rest for a moment. */
export function usePlanCheck(source: string, files: Record<string, string>): PlanCheck {
  const [check, setCheck] = useState<PlanCheck>({ phase: 'empty' });
  useEffect(() => {
    if (source.trim() === '') {
      setCheck({ phase: 'empty' });
      return;
    }
    let over = false;
    setCheck({ phase: 'checking' });
    const timer = setTimeout(async () => {
      try {
        const result = await ags.checkPlan({ source, files });
        if (!over) setCheck({ phase: 'done', result });
      } catch (error) {
        if (!over) setCheck({ phase: 'failed', failure: failureOf(error) });
      }
    }, TYPING_PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [source, files]);
  return check;
}
