import { CheckCircleIcon } from '@phosphor-icons/react';
import { FailureBanner } from '../../components/failure.tsx';
import { Findings } from '../../components/findings.tsx';
import { money, plural } from '../../models/format.ts';
import type { PlanCheck } from './use-plan-check.ts';

interface Props {
  check: PlanCheck;
  /** 1-based, as the API gives them. */
  onShow(line: number, column: number): void;
}

/** DSL-1: what is wrong with the plan, where, and what was expected there. */
export function PlanFindings({ check, onShow }: Props) {
  return (
    <div aria-live="polite">
      <FindingsBody check={check} onShow={onShow} />
    </div>
  );
}

function FindingsBody({ check, onShow }: Props) {
  if (check.phase === 'empty') return null;
  if (check.phase === 'checking') return <p className="text-sm text-kumo-subtle">Checking…</p>;
  if (check.phase === 'failed') return <FailureBanner failure={check.failure} />;
  const { ok, findings, estimate } = check.result;
  return (
    <>
      {ok && (
        <p className="flex items-center gap-2 font-medium text-kumo-success">
          <CheckCircleIcon size={18} weight="fill" aria-hidden="true" />
          Ready to run
          {estimate && (
            <span className="font-normal text-kumo-subtle">
              about {plural(estimate.steps, 'step')}, {money(estimate.cost_microusd)}
            </span>
          )}
        </p>
      )}
      <Findings findings={findings} onShow={onShow} />
    </>
  );
}
