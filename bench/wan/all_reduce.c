/* One rank of an all-reduce with MPI: `all_reduce FOLDER BYTES WARM_UPS MERGES`. Writes a line a merge into FOLDER/sRANK.txt. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)used.ru_utime.tv_sec + 1e-6 * (double)used.ru_utime.tv_usec + (double)used.ru_stime.tv_sec +
         1e-6 * (double)used.ru_stime.tv_usec;
}

static int fail(const char* why) {
  fprintf(stderr, "all_reduce: %s\n", why);
  MPI_Abort(MPI_COMM_WORLD, 1);
  return 1;
}

int main(int count, char** words) {
  MPI_Init(&count, &words);
  if (count != 5) return fail("usage: all_reduce FOLDER BYTES WARM_UPS MERGES");
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  char path[4096];
  snprintf(path, sizeof path, "%s/s%d.txt", words[1], rank);
  FILE* log = fopen(path, "w");
  const long elements = atol(words[2]) / (long)sizeof(float);
  const int warm_ups = atoi(words[3]), merges = atoi(words[4]);
  float* own = malloc((size_t)elements * sizeof(float));
  float* sum = malloc((size_t)elements * sizeof(float));
  if (!log || !own || !sum) return fail("no file or memory");
  for (long i = 0; i < elements; ++i) own[i] = (float)(rank + 1), sum[i] = 0;
  double cpu = 0;
  for (int number = 1; number <= warm_ups + merges; ++number) {
    const double began = MPI_Wtime(), used = cpu_seconds();
    MPI_Allreduce(own, sum, (int)elements, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    const double took = MPI_Wtime() - began;
    if (number > warm_ups) cpu += cpu_seconds() - used;
    for (long i = 0; i < elements; i += 1021) {
      if (sum[i] != (float)(ranks * (ranks + 1) / 2)) return fail("the sum is wrong");
      sum[i] = 0;
    }
    fprintf(log, "merge %d/%d %.6f s\n", number, warm_ups + merges, took);
    fflush(log);
  }
  fprintf(log, "cpu %.6f\n", cpu);
  fclose(log);
  MPI_Finalize();
  return 0;
}
