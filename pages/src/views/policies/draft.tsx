import { Button } from '@cloudflare/kumo/components/button';
import { ArrowCounterClockwiseIcon, CheckCircleIcon, UploadSimpleIcon } from '@phosphor-icons/react';
import { useRef, useState } from 'react';
import type { BacktestResult, PoliciesInForce } from '#contract/policies.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { CodeEditor, LINE } from '../../components/code-editor.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FailureBanner } from '../../components/failure.tsx';
import { Findings } from '../../components/findings.tsx';
import { offsetOf } from '../../models/plan-text.ts';
import { baseVersion, draftText, FIRST_DRAFT } from '../../models/policies.ts';
import { Backtest } from './backtest.tsx';
import { usePolicyCheck } from './use-policy-check.ts';

interface Props {
  inForce: PoliciesInForce;
  onPublished(): void;
}

/** GOV-4: written, checked with line and column, tried against what happened, and only then published. */
export function Draft({ inForce, onPublished }: Props) {
  const caller = useCaller();
  const { act, busy } = useAct();
  const [source, setSource] = useState(inForce.own?.cedar ?? FIRST_DRAFT);
  // What the draft began from; a version that somebody else publishes meanwhile refuses this one.
  const [base] = useState(baseVersion(inForce));
  const [tried, setTried] = useState<{ of: string; result: BacktestResult } | null>(null);
  const [publishing, setPublishing] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const { result: check, failure } = usePolicyCheck(source);

  const show = (line: number, column: number) => {
    const el = area.current;
    if (!el) return;
    const at = offsetOf(source, line, column);
    el.focus();
    el.setSelectionRange(at, at + 1);
    el.scrollTop = Math.max(0, (line - 4) * LINE);
  };
  const tryOut = async () => {
    const of = source;
    const result = await ags.backtestPolicies({ cedar: of });
    setTried({ of, result });
  };
  const publish = (note: string) =>
    act(async () => {
      await ags.publishPolicies({ cedar: source, note, expected_version: base });
      onPublished();
    }, 'Published: in force everywhere within 5 seconds');

  return (
    <>
      <CodeEditor label="Policies (Cedar)" value={source} onChange={setSource} ref={area} />
      <div className="mt-3" aria-live="polite">
        {failure && <FailureBanner failure={failure} />}
        {!failure && !check && <p className="text-sm text-kumo-subtle">Checking…</p>}
        {check?.ok && (
          <p className="flex items-center gap-2">
            <CheckCircleIcon size={18} weight="fill" aria-hidden="true" className="text-kumo-success" />
            {draftText(check)}
          </p>
        )}
        {check && <Findings findings={check.findings} onShow={show} />}
      </div>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button
          icon={ArrowCounterClockwiseIcon}
          disabled={!check?.ok || busy}
          onClick={() => void act(tryOut, 'Judged again')}
        >
          Try against what happened
        </Button>
        {caller.role === 'admin' && (
          <Button
            variant="primary"
            icon={UploadSimpleIcon}
            disabled={!check?.ok || source === inForce.own?.cedar}
            onClick={() => setPublishing(true)}
          >
            Publish…
          </Button>
        )}
      </div>
      {tried && (
        <>
          {tried.of !== source && (
            <p className="mt-4 text-sm text-kumo-warning">The text has changed since it was tried.</p>
          )}
          <Backtest result={tried.result} />
        </>
      )}
      {publishing && (
        <ConfirmDialog
          title={`Publish version ${base + 1}?`}
          description={
            tried?.of === source
              ? 'It is in force for everything that is judged from now on. Approvals that were given under the version before have to be given again.'
              : 'This text has not been tried against what happened. It is in force for everything that is judged from now on.'
          }
          confirm="Publish"
          reason=""
          onClose={() => setPublishing(false)}
          onConfirm={publish}
        />
      )}
    </>
  );
}
