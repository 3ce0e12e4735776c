import { Button } from '@cloudflare/kumo/components/button';
import { Textarea } from '@cloudflare/kumo/components/input';
import { FileIcon, SealCheckIcon } from '@phosphor-icons/react';
import { type ChangeEvent, type FormEvent, useRef, useState } from 'react';
import { verifyEvidenceFile } from '#client/evidence.ts';
import type { EvidenceReport } from '#domain/ledger/evidence/verify.ts';
import { parseTrust } from '#domain/ledger/log/trust.ts';
import { ags, type Failure, failureOf } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { FailureBanner } from '../../components/failure.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Report } from './report.tsx';

const wrongTrust = (line: number, why: string): Failure => ({
  title: 'The trust file cannot be read',
  detail: `Line ${line}: ${why}.`,
  status: null,
  trace: null,
});

/** WebCrypto exists on secure origins only. */
const INSECURE: Failure = {
  title: 'This browser cannot check signatures here',
  detail: 'Open the page over HTTPS or on localhost, or run “ags evidence verify FILE --trust KEYS”.',
  status: null,
  trace: null,
};

/** LEDG-3: a file and the keys that one trusts, checked here; nothing is sent anywhere. */
export function VerifyPage() {
  const { tenant } = useCaller();
  const [file, setFile] = useState<File | null>(null);
  const [trust, setTrust] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [result, setResult] = useState<{ name: string; report: EvidenceReport } | null>(null);
  const chooser = useRef<HTMLInputElement>(null);

  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    setFile(event.target.files?.[0] ?? null);
    setResult(null);
  };
  const takeKeys = async () => {
    try {
      const keys = await ags.ledgerKeys(tenant);
      setTrust(keys.trust);
      setFailure(null);
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  const verify = async (event: FormEvent) => {
    event.preventDefault();
    setResult(null);
    const keys = parseTrust(trust);
    if (!keys.ok) return setFailure(wrongTrust(keys.line, keys.why));
    if (!file) return;
    if (!globalThis.crypto?.subtle) return setFailure(INSECURE);
    setFailure(null);
    setBusy(true);
    try {
      const report = await verifyEvidenceFile(new Uint8Array(await file.arrayBuffer()), keys.value);
      setResult({ name: file.name, report });
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <PageHeader title="Verify evidence">
        Checks an evidence package of a pipeline in this browser, byte by byte. The keys come from outside the
        package: from the deployment’s published keys, taken once and kept, or from somebody you trust.
      </PageHeader>
      <form onSubmit={verify} className="panel mb-6 flex flex-col gap-4 p-4 sm:p-5">
        <div>
          <p className="mb-1 font-medium">Evidence package</p>
          <input
            ref={chooser}
            type="file"
            aria-label="Evidence package"
            accept=".json,application/json"
            className="sr-only"
            tabIndex={-1}
            onChange={choose}
          />
          <div className="flex flex-wrap items-center gap-3">
            <Button icon={FileIcon} onClick={() => chooser.current?.click()}>
              {file ? 'Choose another' : 'Choose a file'}
            </Button>
            <span className="min-w-0 break-all text-sm text-kumo-subtle">
              {file?.name ?? 'No file chosen'}
            </span>
          </div>
        </div>
        <Textarea
          label="Keys that you trust"
          description="One a line: log KEY, witness NAME KEY, quorum NAME (C2SP tlog-policy)"
          placeholder="log ledger.example.com/acme+f29ccbeb+…"
          className="font-mono text-xs"
          rows={4}
          spellCheck={false}
          value={trust}
          onValueChange={setTrust}
        />
        {failure && <FailureBanner failure={failure} />}
        <div className="flex flex-wrap items-center gap-2">
          <Button
            type="submit"
            variant="primary"
            icon={SealCheckIcon}
            loading={busy}
            disabled={file === null || trust.trim() === ''}
          >
            Verify
          </Button>
          <Button disabled={busy} onClick={() => void takeKeys()}>
            Take this server’s keys
          </Button>
          <p className="text-sm text-kumo-subtle">
            Keys taken from here prove only that the file agrees with this server. Compare them once with what
            you got another way, and keep them.
          </p>
        </div>
      </form>
      {result && <Report {...result} />}
    </>
  );
}
