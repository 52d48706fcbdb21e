/** The types of the only function of jStat that is used. */
declare module 'jstat' {
  const jStat: {
    readonly studentt: {
      /** Gives the quantile of Student's t distribution with `freedom` degrees of freedom at a probability. */
      inv(probability: number, freedom: number): number;
    };
  };
  export default jStat;
}
