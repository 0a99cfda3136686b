/**
 * Files that stand where weights or JSON were wanted, by their first characters, and what to do about each.
 */
const KINDS: readonly { readonly begins: (text: string) => boolean; readonly is: string }[] = [
  {
    begins: (text) => text.startsWith('GGUF'),
    is: 'a GGUF file: make a model folder of it with `residency import`',
  },
  {
    begins: (text) => text.startsWith('version https://git-lfs'),
    is: 'a Git LFS pointer and not the file itself: fetch it with `git lfs pull`',
  },
  {
    begins: (text) => /^\s*<(!doctype|html|\?xml|head|body)/i.test(text),
    is: 'a web page: download the file itself again',
  },
  {
    // A zip archive, or before PyTorch 1.6 a pickle of protocol 2.
    begins: (text) => text.startsWith('PK\u0003\u0004') || text.startsWith('\u0080\u0002'),
    is: "a PyTorch file: save the model as safetensors with transformers' save_pretrained",
  },
];

/** Bytes of a file's beginning that are enough to tell its kind. */
export const KIND_BYTES = 64;

/** What a file is and what to do about it, from its first bytes; null where it begins like nothing known. */
export function fileKind(first: Uint8Array): string | null {
  const text = Buffer.from(first.subarray(0, KIND_BYTES)).toString('latin1');
  return KINDS.find(({ begins }) => begins(text))?.is ?? null;
}
