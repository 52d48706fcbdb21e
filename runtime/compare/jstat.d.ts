/** Answers for the types of the one function of jStat that is used here. */
declare module 'jstat' {
  const jStat: {
    readonly studentt: {
      /** Gives the number that Student's t with `freedom` degrees of freedom is below with the given probability. */
      inv(probability: number, freedom: number): number;
    };
  };
  export default jStat;
}
