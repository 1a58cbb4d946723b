"""What pyproject.toml cannot say: the native extension, and the stages inside the wheel.

An editable install is a static path to the checkout. A wheel carries the stages `train`, `export`,
`eval` and `serve` in `aztoolkit/_stages/`, where no other package's folder of that name can meet them.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

STAGES = ("train", "export", "eval", "serve", "benchmarks")
NATIVE = Path("aztoolkit/_native.pyx")
MSVC_FLAGS = ["/std:c++20", "/O2", "/EHsc"]
GNU_FLAGS = ["-std=c++20", "-O3", "-g0", "-fvisibility=hidden", "-ffp-contract=off"]
"""Without contraction a processor with fused multiply-add finds the same trees as one without."""
PAGE = Path("serve/static/index.html")
NOT_SHIPPED = ("__pycache__", "web", "results")


class BuildWithStages(build_py):
    """Copies the stages into the wheel; leaves an editable install alone."""

    def run(self) -> None:
        """Builds as ever, then adds the stages."""
        super().run()
        if not self.editable_mode:
            if not PAGE.is_file():
                self.warn(
                    f"no {PAGE}: `aztoolkit serve` will have no page; build it with `make setup`"
                )
            for stage in STAGES:
                self._copy(stage)

    def _copy(self, stage: str) -> None:
        target = Path(self.build_lib, "aztoolkit", "_stages", stage)
        shutil.rmtree(target, ignore_errors=True)
        ignored = shutil.ignore_patterns(*NOT_SHIPPED)
        shutil.copytree(stage, target, ignore=ignored)


class BuildOnAllCores(build_ext):
    """Compiles as many files at once as there are cores; setuptools alone knows only one at a time."""

    def build_extensions(self) -> None:
        """Builds as ever, with another `compile`."""
        compile_one = self.compiler.compile

        def compile_all(sources: list[str], *args: object, **options: object) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                compiled = pool.map(lambda source: compile_one([source], *args, **options), sources)
                return [path for paths in compiled for path in paths]

        self.compiler.compile = compile_all
        super().build_extensions()


def native_extensions() -> list[Extension]:
    """Returns the native core; without a compiler the build goes on, and search falls back to Python."""
    from Cython.Build import cythonize

    extension = Extension(
        "aztoolkit._native",
        [str(NATIVE), *sorted(str(path) for path in Path("aztoolkit/cpp").glob("*/*.cpp"))],
        include_dirs=["aztoolkit/cpp"],
        language="c++",
        extra_compile_args=MSVC_FLAGS if os.name == "nt" else GNU_FLAGS,
        optional=os.environ.get("AZTOOLKIT_REQUIRE_NATIVE") != "1",
    )
    return cythonize([extension], language_level="3", build_dir="build/cython")


setup(
    cmdclass={"build_py": BuildWithStages, "build_ext": BuildOnAllCores},
    ext_modules=native_extensions() if NATIVE.exists() else [],
)
