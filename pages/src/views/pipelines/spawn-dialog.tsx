import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import { Textarea } from '@cloudflare/kumo/components/input';
import { PaperclipIcon, PlayIcon, UploadSimpleIcon, XIcon } from '@phosphor-icons/react';
import { type ChangeEvent, useRef, useState } from 'react';
import type { Pipeline } from '#client/index.ts';
import { ags, type Failure, failureOf, idempotencyKey } from '../../api/client.ts';
import { FailureBanner } from '../../components/failure.tsx';
import { offsetOf } from '../../models/plan-text.ts';
import { PlanFindings } from './plan-findings.tsx';
import { usePlanCheck } from './use-plan-check.ts';

const EXAMPLE = `name: my-plan
version: 1.0.0
tier: 1
objective: What should be found out or decided?
`;

interface Props {
  onClose(): void;
  onSpawned(pipeline: Pipeline): void;
}

/** A plan is checked while it is written (PRE-1); it can be spawned once the check finds no error. */
export function SpawnDialog({ onClose, onSpawned }: Props) {
  const [source, setSource] = useState('');
  const [files, setFiles] = useState<Record<string, string>>({});
  const [wait, setWait] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const check = usePlanCheck(source, files);
  /** One key per text: a second click after a lost answer finds the first one's pipeline (PIPE-9). */
  const key = useRef({ of: '', value: '' });

  const read = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.target;
    const chosen = await Promise.all(
      [...(input.files ?? [])].map(async (f) => [f.name, await f.text()] as const),
    );
    input.value = '';
    return chosen;
  };
  const uploadPlan = async (event: ChangeEvent<HTMLInputElement>) => {
    const [plan] = await read(event);
    if (plan) setSource(plan[1]);
  };
  const addFiles = async (event: ChangeEvent<HTMLInputElement>) => {
    const added = await read(event);
    setFiles((known) => ({ ...known, ...Object.fromEntries(added) }));
  };
  const show = (line: number, column: number) => {
    const el = area.current;
    if (!el) return;
    const at = offsetOf(source, line, column);
    el.focus();
    el.setSelectionRange(at, at + 1);
    el.scrollTop = Math.max(0, (line - 4) * 20);
  };
  const spawn = async () => {
    setBusy(true);
    setFailure(null);
    const body = { plan: { source, files }, ...(wait ? { auto_continue: false } : {}) };
    const text = JSON.stringify(body);
    if (key.current.of !== text) key.current = { of: text, value: idempotencyKey() };
    try {
      onSpawned(await ags.spawn(body, key.current.value));
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };

  return (
    <DialogRoot open onOpenChange={(open) => !open && onClose()}>
      <Dialog size="xl" className="flex max-h-[92dvh] flex-col overflow-hidden">
        <header className="flex items-start justify-between gap-4 px-6 pt-6">
          <div>
            <DialogTitle className="text-lg font-semibold">New pipeline</DialogTitle>
            <DialogDescription className="mt-1 text-sm text-kumo-subtle">
              Paste a plan or upload it with the files that its context names. It is checked as you write.
            </DialogDescription>
          </div>
          <Button variant="ghost" shape="square" icon={XIcon} aria-label="Close" onClick={onClose} />
        </header>
        <div className="flex-1 overflow-y-auto px-6 py-4">
          <Textarea
            ref={area}
            label="Plan (YAML or JSON)"
            className="w-full font-mono text-sm leading-5"
            rows={12}
            spellCheck={false}
            placeholder={EXAMPLE}
            value={source}
            onValueChange={setSource}
          />
          <div className="mt-3 flex flex-wrap gap-2">
            <FilePicker
              label="Upload plan"
              icon={<UploadSimpleIcon />}
              accept=".yaml,.yml,.json"
              onChange={uploadPlan}
            />
            <FilePicker label="Add context files" icon={<PaperclipIcon />} multiple onChange={addFiles} />
          </div>
          {Object.keys(files).length > 0 && (
            <ul className="mt-3 flex flex-wrap gap-2" aria-label="Context files">
              {Object.entries(files).map(([name, text]) => (
                <li
                  key={name}
                  className="flex items-center gap-1 rounded-full bg-kumo-fill py-0.5 pr-1 pl-3 text-sm"
                >
                  <span className="max-w-48 truncate">{name}</span>
                  <span className="text-kumo-subtle tabular">{Math.ceil(text.length / 1024)} KiB</span>
                  <Button
                    size="xs"
                    variant="ghost"
                    shape="circle"
                    icon={XIcon}
                    aria-label={`Remove ${name}`}
                    onClick={() => setFiles(({ [name]: _, ...rest }) => rest)}
                  />
                </li>
              ))}
            </ul>
          )}
          <div className="mt-4">
            <PlanFindings check={check} onShow={show} />
          </div>
          {failure && (
            <div className="mt-4">
              <FailureBanner failure={failure} />
            </div>
          )}
        </div>
        <footer className="flex flex-wrap items-center justify-between gap-3 border-t border-kumo-line px-6 py-4">
          <label className="flex cursor-pointer items-center gap-2">
            <input
              type="checkbox"
              className="size-4 accent-kumo-brand"
              checked={wait}
              onChange={(e) => setWait(e.target.checked)}
            />
            Wait for me after the planner’s report
          </label>
          <Button
            variant="primary"
            icon={<PlayIcon weight="fill" />}
            loading={busy}
            disabled={check.phase !== 'done' || !check.result.ok}
            onClick={() => void spawn()}
          >
            Run
          </Button>
        </footer>
      </Dialog>
    </DialogRoot>
  );
}

interface FilePickerProps {
  label: string;
  icon: React.ReactNode;
  accept?: string;
  multiple?: boolean;
  onChange(event: ChangeEvent<HTMLInputElement>): Promise<void>;
}

function FilePicker({ label, icon, accept, multiple, onChange }: FilePickerProps) {
  return (
    <label className="inline-flex min-h-9 cursor-pointer items-center gap-2 rounded-lg border border-kumo-line px-3 font-medium hover:bg-kumo-tint has-focus-visible:outline-2 has-focus-visible:outline-kumo-brand">
      {icon}
      {label}
      <input
        type="file"
        className="sr-only"
        accept={accept}
        multiple={multiple}
        onChange={(e) => void onChange(e)}
      />
    </label>
  );
}
