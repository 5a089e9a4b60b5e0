'use strict'

// A lock was taken once and never given back: all imports since then wait for their turn in importFile().

class Lock {
  waiting = []
  taken = false

  acquire () {
    if (this.taken) return new Promise((resolve) => this.waiting.push(resolve))
    this.taken = true
  }
}

class ImportJob {
  constructor (number) {
    this.file = `import-${number}.csv`
    this.columns = Array.from({ length: 50 }, (_, column) => column + 0.5)
  }
}

const lock = new Lock()

async function importFile (job) {
  await lock.acquire()
  job.done = true
}

module.exports = {
  holder: [/\bLock\b|\block\b/, /\bwaiting\b|\bimportFile\b/],
  thing: /\bImportJob\b|\bimportFile\b/,
  count: 1,
  bytes: 1350,
  calls: [1000, 6000, 6000],
  leak (index) { importFile(new ImportJob(index)) }
}
