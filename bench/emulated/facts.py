"""What the pages of benches say about where they were measured, and their tables."""
import os
import platform
import subprocess
from datetime import datetime, timezone


def machine(loads):
    """`loads`: averages of the machine's load while it ran."""
    commit = subprocess.run(["git", "log", "-1", "--format=%h of %cs"], cwd=os.path.dirname(os.path.abspath(__file__)), check=False,
                            stdout=subprocess.PIPE, text=True).stdout.strip()
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())
    return {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "commit": commit or "unknown",
            "machine": f"{os.cpu_count()} cores, {model}, Linux {platform.release()}",
            "load average while it ran": f"{min(loads):.1f} to {max(loads):.1f}" if loads else "-"}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"
