/**
 * The Frechet distance between two sets of features, taken for normal distributions (Heusel et al. 2017, equation 6):
 * |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), in double precision, with covariances of denominator n - 1.
 *
 * The trace of the root is found without a root: with C1 = A'A and C2 = B'B, the eigenvalues of C1 C2 are the squared singular
 * values of A B', as those of C1^(1/2) C2 C1^(1/2) are. So nothing is lost where covariances are singular, which those of fewer
 * pictures than features always are; then the centered features are such a factor themselves, and the matrix is small.
 */
import type { Matrix } from 'ml-matrix';
import { defineMetric } from './define.ts';
import { rowOf, type FeatureSet } from './features.ts';

/** Whoever checks a spec or trains knows of this metric, and computes none. */
const loadAlgebra = () => import('ml-matrix');

type Algebra = Awaited<ReturnType<typeof loadAlgebra>>;

/** Computes the distance of two sets, of at least two vectors each. */
async function frechetDistance(a: FeatureSet, b: FeatureSet): Promise<number> {
  if (a.size !== b.size) throw new RangeError(`features of ${a.size} and of ${b.size} numbers differ`);
  const algebra = await loadAlgebra();
  const [one, other] = [gaussianOf(a, algebra), gaussianOf(b, algebra)];
  const between = one.mean.reduce((sum, value, index) => sum + (value - other.mean[index]!) ** 2, 0);
  const product = one.factor.mmul(other.factor.transpose());
  const { diagonal } = new algebra.SingularValueDecomposition(product, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  const root = diagonal.reduce((sum, value) => sum + value, 0);
  // Equal sets are at distance 0, but for rounding, which may take it below.
  return Math.max(0, between + one.variance + other.variance - 2 * root);
}

interface Gaussian {
  readonly mean: Float64Array;
  /** The trace of the covariance. */
  readonly variance: number;
  /** A matrix A with covariance A'A. */
  readonly factor: Matrix;
}

function gaussianOf(features: FeatureSet, algebra: Algebra): Gaussian {
  const { count, size } = features;
  if (count < 2) throw new RangeError(`a covariance needs two vectors, found ${count}`);
  const mean = new Float64Array(size);
  for (let row = 0; row < count; row++)
    rowOf(features, row).forEach((value, index) => (mean[index]! += value / count));
  const scale = 1 / Math.sqrt(count - 1);
  const centered = new algebra.Matrix(count, size);
  let variance = 0;
  for (let row = 0; row < count; row++)
    rowOf(features, row).forEach((value, index) => {
      const entry = (value - mean[index]!) * scale;
      centered.set(row, index, entry);
      variance += entry * entry;
    });
  return { mean, variance, factor: count <= size ? centered : squareFactor(centered, algebra) };
}

/** Gives a square matrix with the same product A'A: of eigenvectors, scaled by the roots of their eigenvalues. */
function squareFactor(centered: Matrix, { EigenvalueDecomposition }: Algebra): Matrix {
  const covariance = centered.transpose().mmul(centered);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const roots = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
  return eigenvectorMatrix.transpose().mulColumnVector(roots);
}

export const fid = defineMetric({
  name: 'FID',
  better: 'lower',
  doc: 'how far features of all pictures and photographs are apart',
  measuredBy: ['evaluation'],
  needs: 'features',
  fewest: 2,
  distance: async (painted, photos) => ({ value: await frechetDistance(painted, photos) }),
});
