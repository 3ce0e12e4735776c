// Runs before the first paint, so that a dark screen never flashes white. A file of its own because the CSP allows no inline script.
(() => {
  let saved = null;
  try {
    saved = localStorage.getItem('ags-theme');
  } catch {
    // Storage can be blocked; the system's preference stands then.
  }
  const dark = saved ? saved === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.mode = dark ? 'dark' : 'light';
})();
