#!/usr/bin/env bash
# Start SLURM on one node, this machine, with everything it writes in one folder; or stop it.
#
#     tests/launch/slurm.sh start|stop FOLDER       then: export SLURM_CONF=FOLDER/slurm.conf
#
# As root, on Debian with: apt-get install slurmctld slurmd slurm-client munge
set -euo pipefail
what=$1
mkdir -p "$2"
folder=$(realpath "$2")
node=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf

if [ "$what" = stop ]; then
  for _ in $(seq 100); do  # a job that has told its result may not have ended yet
    [ -n "$(squeue --noheader)" ] || break
    sleep 0.2
  done
  for daemon in slurmd slurmctld munged; do
    [ ! -f "$folder/$daemon.pid" ] || kill "$(cat "$folder/$daemon.pid")" || true
  done
  exit
fi

cat >"$SLURM_CONF" <<END
ClusterName=one
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
# Signed requests are valid for so long, and a job that is queued again waits until they are not.
AuthInfo=socket=$folder/munge.socket,cred_expire=5
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
MpiDefault=none
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE
END

mkdir -p "$folder/state" "$folder/spool"
head -c 1024 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
slurmctld
slurmd -N "$node"
for _ in $(seq 100); do
  [ "$(sinfo --noheader --format=%T)" != idle ] || exit 0
  sleep 0.2
done
echo "the node did not become idle: see $folder/slurmctld.log and $folder/slurmd.log" >&2
exit 1
