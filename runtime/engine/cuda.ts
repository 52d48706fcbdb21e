/** Fetches NVIDIA's libraries beside a TensorFlow wheel made for GPUs. Their digests are checked by pip, not pinned. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine } from './commands.ts';
import { cudaIntroduction, unexpectedFailure } from './messages.ts';
import { cudaBytes, isCudaContent } from './recipe.ts';
import { unpackArchive } from './unpack.ts';
import { findPip, pipDownloadParameters, runWatched, type DownloadContext } from './wheel.ts';

/** Reads what the extra `and-cuda` asks for out of a wheel's METADATA, as pip requirements. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist:([^;\n]+);\s*extra\s*==\s*['"]and-cuda['"]\s*$/gm)].map(
    (match) => match[1]!.trim(),
  );
}

/**
 * Downloads the CUDA wheels that `metadataFile` names and unpacks their libraries into `target/nvidia`, where the
 * run path inside libtensorflow expects them. Throws a SpadeworkError.
 */
export async function addCudaLibraries(
  metadataFile: string,
  target: string,
  context: DownloadContext,
): Promise<void> {
  const requirements = cudaRequirements(readFileSync(metadataFile, 'utf8'));
  const pip = await findPip(context.environment);
  if (pip === undefined) throw unexpectedFailure("NVIDIA's libraries need pip, which was not found");
  context.log(cudaIntroduction(requirements.length));
  const downloads = join(context.folder, 'cuda');
  mkdirSync(downloads, { recursive: true });
  const tags = [
    'manylinux_2_28_x86_64',
    'manylinux_2_27_x86_64',
    'manylinux_2_17_x86_64',
    'manylinux2014_x86_64',
  ];
  const parameters = [...pip.slice(1), ...pipDownloadParameters(tags, downloads), ...requirements];
  const result = await runWatched(pip[0]!, parameters, cudaBytes / 2, { ...context, progress: false });
  if (result.code !== 0) throw unexpectedFailure(`pip: ${lastLine(result.errors)}`);
  for (const name of readdirSync(downloads)) {
    await unpackArchive(join(downloads, name), target, isCudaContent);
    rmSync(join(downloads, name));
  }
}
