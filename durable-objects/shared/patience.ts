/** The answer, or null when it does not come in time (ms). Rejects as the question does. */
export async function answerWithin<T>(asked: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const silence = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([asked, silence]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
