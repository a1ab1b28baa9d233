# SPDX-License-Identifier: Apache-2.0
"""The C side: archive_drive, one line in and one line out per question."""

import re
import subprocess
import threading

import schema as schemas


class Died(Exception):
    """It refused the schema, or crashed."""


class Drive:
    """Asks about one schema. Either the driver that reads the schema at run time, or one compiled from generated code."""

    def __init__(self, options, schema, offsets):
        directory = options.work / f"schemas{offsets}" / schema.name
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / f"{schema.name}.rs"
        self.file.write_text(schemas.source(schema))
        if options.mmsc:
            self.command = options.emulator + [self.compile(options, schema, offsets, directory)]
        else:
            self.command = options.emulator + [options.drive, self.file, schema.root, "--offsets", str(offsets)]

    @staticmethod
    def compile(options, schema, offsets, directory):
        file = directory / f"{schema.name}.rs"
        mmsc = [options.mmsc, file, "-o", directory, "--offsets", str(offsets)]
        if subprocess.run(mmsc).returncode != 0:
            raise Died(f"{file}: mmsc refused it")
        output = directory / "drive"
        command = options.cc.format(header=f"{schema.name}.h", root=schema.root, directory=directory,
                                    sources=directory / f"{schema.name}.c", output=output)
        subprocess.run(command, shell=True, check=True)
        return output

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding="utf-8")
        return self

    def __exit__(self, kind, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        status = self.process.wait()
        if kind is None and status != 0:
            raise Died(f"{self.file}: the C side ended with {status}")

    def ask(self, verb, arguments):
        """(good, text) per argument. All questions are written by a thread while the answers are read."""
        writer = threading.Thread(target=self.write, args=(verb, arguments))
        writer.start()
        answers = [self.answer(verb, argument) for argument in arguments]
        writer.join()
        return answers

    def write(self, verb, arguments):
        try:
            for argument in arguments:
                self.process.stdin.write(f"{verb} {argument}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the reader finds out

    def answer(self, verb, argument):
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise Died(f"{self.file}: the C side died ({self.process.wait()}) of: {verb} {argument}")
        word, _, text = line[:-1].partition(" ")
        return word == "ok", text


def kind_of(message):
    """An error's text without field paths, numbers, quoted parts and the general remark at its end, to count by."""
    words = re.sub(r" \(MMS_E_[A-Z_]*: [^()]*\)$", "", message)
    words = re.sub(r"^checking [^:]*: ", "", words)
    return re.sub(r"0x[0-9a-f]+|\d+|\"[^\"]*\"|'[^']*'", "N", words)
