import { Button } from '@cloudflare/kumo/components/button';
import { MoonIcon, SunIcon } from '@phosphor-icons/react';
import { useState } from 'react';

/** `public/theme.js` reads the same key before the first paint. */
const KEY = 'ags-theme';

export function ThemeToggle() {
  const [mode, setMode] = useState(() => document.documentElement.dataset.mode ?? 'light');
  const next = mode === 'dark' ? 'light' : 'dark';
  const toggle = () => {
    document.documentElement.dataset.mode = next;
    setMode(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage can be blocked; the choice then lasts as long as the page.
    }
  };
  return (
    <Button
      variant="ghost"
      shape="square"
      icon={mode === 'dark' ? SunIcon : MoonIcon}
      aria-label={`Switch to ${next} mode`}
      onClick={toggle}
    />
  );
}
