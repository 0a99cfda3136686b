import { serve } from '@residency/tensor';

/** A compute process that tells its environment. */
serve(async () => ({ read: async (name: string) => process.env[name] ?? null }));
