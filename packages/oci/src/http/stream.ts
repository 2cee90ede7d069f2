/**
 * Presents chunks as a stream that reads ahead nothing. Unlike `ReadableStream.from` it also lets go of what lies
 * behind when it is cancelled before its first read: a generator that never ran cannot clean up.
 */
export function streamOf(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  release: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return();
        release();
      },
    },
    { highWaterMark: 0 },
  );
}
