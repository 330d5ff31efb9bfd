"""Open MPI over namespaces: a host for each site, and an agent in the place of ssh that enters it."""
import os
import shutil
import subprocess

from cases import WARM_UPS
from runs import Failure
from systems import HERE, Other

# Each host sees the names of all in a file that is mounted over /etc/hosts, for it alone. mpirun calls: AGENT HOST COMMAND...
AGENT = """#!/bin/sh
host=$1
shift
exec ip netns exec "{prefix}$host" unshare --uts --mount sh -c \\
  'hostname "$1" && mount --bind "{hosts}" /etc/hosts && shift && eval "exec $*"' sh "$host" "$@"
"""
ONLY_TCP = ("--mca", "pml", "ob1", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "wan0", "--mca", "oob_tcp_if_include", "wan0")
RING = ("--mca", "coll_tuned_use_dynamic_rules", "1", "--mca", "coll_tuned_allreduce_algorithm", "4")


class OpenMpi(Other):
    """With the algorithm of its choice, over TCP; its processes wait busily, as they do unless told otherwise."""

    algorithm = ()

    def missing(self):
        for program in ("mpirun", "mpicc"):
            if not shutil.which(program):
                return f"there is no {program} (Open MPI); ./dev setup --bench installs it"
        return ""

    def start(self, space):
        sites, lines = space.profile.sites, space.lines
        program = space.path("all_reduce")
        made = subprocess.run(["mpicc", "-O2", "-o", program, os.path.join(HERE, "all_reduce.c")], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise Failure(f"mpicc: {made.stdout}")
        hosts = space.write("hosts", "127.0.0.1 localhost\n" + "".join(f"{lines.address(site)} {site}\n" for site in sites))
        agent = space.write("agent", AGENT.format(prefix=lines.prefix, hosts=hosts), mode=0o755)
        nodes = space.write("nodes", "".join(f"{site} slots=1\n" for site in sites))
        command = ["mpirun", "--allow-run-as-root", "-np", str(len(sites)), "--hostfile", nodes, "--map-by", "node", "--bind-to", "none",
                   "--mca", "plm_rsh_agent", agent, "--leave-session-attached", "--mca", "orte_tmpdir_base", space.folder, *ONLY_TCP,
                   *self.algorithm, program, space.folder, str(space.case.size), str(WARM_UPS), str(space.case.merges)]
        space.start_by([agent, sites[0]], command, "mpirun")


class OpenMpiRing(OpenMpi):
    algorithm = RING
