import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { Failure } from '../api/client.ts';
import { Brand } from './app-shell.tsx';
import { FailureBanner } from './failure.tsx';
import { ThemeToggle } from './theme-toggle.tsx';
import { useTitle } from './use-title.ts';

interface Props {
  title: string;
  intro: string;
  label: string;
  placeholder: string;
  description: string;
  busy: boolean;
  failure: Failure | null;
  onKey(key: string): void;
  /** Another way in, below the key. */
  children?: ReactNode;
  /** Where else to look. */
  below: ReactNode;
}

/** TEN-3: a key is typed, sent once, and kept nowhere in the browser. */
export function SignInPanel(props: Props) {
  useTitle(props.title);
  const [key, setKey] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onKey(key.trim());
  };
  return (
    <main
      id="main"
      tabIndex={-1}
      className="flex min-h-dvh items-center justify-center px-4 py-10 outline-none"
    >
      <div className="w-full max-w-md">
        <div className="mb-6 flex items-center justify-between">
          <Brand />
          <ThemeToggle />
        </div>
        <div className="panel p-6 sm:p-8">
          <h1 className="text-xl font-semibold text-kumo-strong">{props.title}</h1>
          <p className="mt-1 text-kumo-subtle">{props.intro}</p>
          {props.failure && (
            <div className="mt-4">
              <FailureBanner failure={props.failure} />
            </div>
          )}
          <form onSubmit={submit} className="mt-6 flex flex-col gap-4">
            <Input
              label={props.label}
              type="password"
              autoComplete="current-password"
              spellCheck={false}
              placeholder={props.placeholder}
              className="w-full"
              value={key}
              onChange={(e) => setKey(e.target.value)}
              description={props.description}
              required
            />
            <Button
              type="submit"
              variant="primary"
              size="lg"
              loading={props.busy}
              className="w-full justify-center"
            >
              {props.busy ? 'Signing in…' : 'Sign in'}
            </Button>
          </form>
          {props.children}
        </div>
        <p className="mt-4 text-sm text-kumo-subtle">{props.below}</p>
      </div>
    </main>
  );
}
