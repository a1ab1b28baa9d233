# SPDX-License-Identifier: Apache-2.0
"""A program against the package: `conan create` builds and runs it."""
import pathlib

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout


class TestMmsync(ConanFile):
    settings = "os", "arch", "compiler", "build_type"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False  # no file in the tree
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            program = pathlib.Path(self.build_folder, self.cpp.build.bindir, "consumer")
            self.run(f'"{program}" "{pathlib.Path(self.build_folder, "region")}"', env="conanrun")
