"""Joules are right: counters that wrap, stand still or are hidden; power that must be summed."""

import time

import pytest

from labcode.energy import FLOAT32, INT8, NotMeasurable, energy_per_run, estimate, idle_watts, runs
from labcode.energy import meter as meters
from labcode.energy import nvml as nvmls
from labcode.energy.finding import find_meter
from labcode.energy.meter import Energy, Meter
from labcode.energy.nvml import EnergyCounter, SampledPower, find_nvml
from labcode.energy.rapl import Rapl, Zone, find_rapl
from labcode.errors import EnergyError
from labcode.toycnn import MACS, PARAMETERS

RANGE = 262_143_328_850


class Clock:
    """In place of the module ``time``: sleeping moves it on at once, and nothing else does."""

    now = 0.0

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    for module in (meters, nvmls, runs):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(FakeNvml, "clock", clock)
    return clock


class Ticking:
    """A counter that gains ``step`` joules at each reading."""

    name, box, period, sampling = "a test's counter", "nothing", 0.001, None

    def __init__(self, step=1.0):
        self.step, self.value = step, 0.0

    def joules(self):
        self.value += self.step
        return self.value


def add_zone(root, zone, name, energy=1_000_000):
    folder = root / zone
    folder.mkdir(parents=True)
    (folder / "name").write_text(name + "\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (folder / "energy_uj").write_text(f"{energy}\n")
    return folder


def zones_of(root, monkeypatch):
    """Names of the zones that find_rapl would sum; these files stand still, which is excused."""
    monkeypatch.setattr(Meter, "moves", lambda self, patience: True)
    found = find_rapl(root)
    assert found, found
    return [zone.folder.name for zone in found.counter.zones]


def test_packages_and_memory_are_summed_and_parts_of_a_package_are_not(tmp_path, monkeypatch):
    add_zone(tmp_path, "intel-rapl:0", "package-0")
    add_zone(tmp_path, "intel-rapl:0:0", "core")
    add_zone(tmp_path, "intel-rapl:0:1", "dram")
    add_zone(tmp_path, "intel-rapl:1", "package-1")
    add_zone(tmp_path, "intel-rapl:2", "psys")
    add_zone(tmp_path, "intel-rapl-mmio:0", "package-0")
    assert zones_of(tmp_path, monkeypatch) == ["intel-rapl:0", "intel-rapl:0:1", "intel-rapl:1"]


def test_several_packages_add_up(tmp_path, clock):
    folders = [add_zone(tmp_path, f"intel-rapl:{i}", f"package-{i}") for i in range(2)]
    meter = Meter(Rapl([Zone(folder, "package", RANGE, 1_000_000) for folder in folders]))
    with meter.measure() as energy:
        (folders[0] / "energy_uj").write_text("3000000")
        (folders[1] / "energy_uj").write_text("6000000")
        clock.sleep(2)
    assert energy.joules == pytest.approx(7.0)
    assert energy.watts == pytest.approx(3.5)


def test_a_counter_that_wraps_goes_on(tmp_path):
    folder = add_zone(tmp_path, "intel-rapl:0", "package-0", RANGE - 2_000_000)
    zone = Zone(folder, "package-0", RANGE, RANGE - 2_000_000)
    (folder / "energy_uj").write_text("3000000")
    assert zone.joules() == pytest.approx(5.0)
    (folder / "energy_uj").write_text("4000000")
    assert zone.joules() == pytest.approx(6.0)


def test_a_long_measurement_survives_several_wraps(tmp_path, monkeypatch):
    folder = add_zone(tmp_path, "intel-rapl:0", "package-0", 0)
    monkeypatch.setattr(Rapl, "sampling", 0.005)
    meter = Meter(Rapl([Zone(folder, "package-0", 10_000_000, 0)]))
    with meter.measure() as energy:
        for total in range(0, 31_000_000, 1_000_000):  # thrice around the range
            (folder / "next").write_text(str(total % 10_000_000))
            (folder / "next").replace(folder / "energy_uj")
            time.sleep(0.02)
    assert energy.joules == pytest.approx(30.0)


def test_a_counter_that_nobody_may_read_says_who_may(tmp_path, monkeypatch):
    add_zone(tmp_path, "intel-rapl:0", "package-0")

    def forbidden(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("labcode.energy.rapl._read", forbidden)  # root may read any file
    found = find_rapl(tmp_path)
    assert not found and "administrators" in found.reason and "chmod" in found.reason


def test_a_counter_that_stands_still_is_no_meter(tmp_path):
    add_zone(tmp_path, "intel-rapl:0", "package-0")
    found = find_rapl(tmp_path)
    assert not found and "stands still" in str(found)


def test_a_damaged_counter_is_a_reason_and_not_a_crash(tmp_path):
    folder = add_zone(tmp_path, "intel-rapl:0", "package-0")
    (folder / "energy_uj").write_text("")
    assert "cannot be read" in find_rapl(tmp_path).reason


@pytest.mark.parametrize(
    "flags, reason", [("fpu hypervisor lm", "virtual machine"), ("fpu lm", "modprobe")]
)
def test_a_machine_without_counters_says_why(tmp_path, monkeypatch, flags, reason):
    monkeypatch.setattr("sys.platform", "linux")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    hidden = tmp_path / "powercap" / "intel-rapl:0"  # as a container's runtime leaves it
    hidden.mkdir(parents=True)
    found = find_rapl(hidden.parent, cpuinfo)
    assert isinstance(found, NotMeasurable) and reason in found.reason


def test_a_counter_that_vanishes_is_an_error(tmp_path):
    folder = add_zone(tmp_path, "intel-rapl:0", "package-0")
    meter = Meter(Rapl([Zone(folder, "package-0", RANGE, 0)]))
    with pytest.raises(EnergyError, match="no longer"):
        with meter.measure():
            (folder / "energy_uj").unlink()


class FakeNvml:
    """NVML with a GPU for each name; ``energy`` and ``power`` say whether it tells them."""

    clock = None

    class NVMLError(Exception):
        """As in pynvml."""

    def __init__(self, names=("Tesla",), energy=True, power=True, driver=True):
        self.names, self.energy, self.power, self.driver = names, energy, power, driver

    def nvmlInit(self):
        if not self.driver:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid):
        if uuid != "GPU-1":
            raise self.NVMLError("Not Found")
        return 1

    def nvmlDeviceGetName(self, gpu):
        return self.names[gpu]

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu):
        """100 W."""
        if not self.energy:
            raise self.NVMLError("Not Supported")
        return int(100_000 * self.clock.now)

    def nvmlDeviceGetPowerUsage(self, gpu):
        """100 W at the start, 100 W more each second."""
        if not self.power:
            raise self.NVMLError("Not Supported")
        return int(100_000 * (1 + self.clock.now))


def test_the_gpus_own_counter_is_preferred_and_counts_millijoules(clock):
    meter = find_nvml(0, FakeNvml(), {})
    assert isinstance(meter.counter, EnergyCounter) and "Tesla" in str(meter)
    with meter.measure() as energy:
        clock.sleep(0.2)
    assert energy.watts == pytest.approx(100)


def test_power_that_changes_is_integrated_where_there_is_no_counter(clock):
    meter = find_nvml(0, FakeNvml(energy=False), {})
    assert isinstance(meter.counter, SampledPower)
    with meter.measure() as energy:
        start = clock.now
        for _ in range(3):
            clock.sleep(0.1)
            time.sleep(0.05)  # so that the sampling thread reads now and then
    integral = 100 * 0.3 + 50 * (clock.now**2 - start**2)
    assert energy.joules == pytest.approx(integral, rel=1e-3)


@pytest.mark.parametrize(
    "nvml, environment, reason",
    [
        (FakeNvml(driver=False), {}, "Driver Not Loaded"),
        (FakeNvml(energy=False, power=False), {}, "neither energy nor power"),
        (FakeNvml(), {"CUDA_VISIBLE_DEVICES": "MIG-4"}, "slice"),
        (FakeNvml(), {"CUDA_VISIBLE_DEVICES": "GPU-7"}, "Not Found"),
        (FakeNvml(), {"CUDA_VISIBLE_DEVICES": "3"}, "none has number 3"),
        (FakeNvml(("A", "B")), {}, "CUDA_DEVICE_ORDER"),
    ],
)
def test_a_gpu_that_does_not_tell_has_a_reason(nvml, environment, reason):
    found = find_nvml(0, nvml, environment)
    assert not found and reason in found.reason


@pytest.mark.parametrize("visible", ["1", "1,0", "GPU-1"])
def test_the_gpu_measured_is_the_one_that_cuda_uses(visible):
    environment = {"CUDA_VISIBLE_DEVICES": visible, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert find_nvml(0, FakeNvml(("A", "B")), environment).counter.gpu == 1


def test_a_block_shorter_than_the_counters_period_is_an_error_and_not_zero_joules():
    with pytest.raises(EnergyError, match="did not move"):
        with Meter(Ticking(step=0.0)).measure():
            pass


def test_an_error_within_the_block_is_the_one_that_is_raised():
    with pytest.raises(ZeroDivisionError):
        with Meter(Ticking(step=0.0)).measure():
            raise ZeroDivisionError


def test_idle_power_is_taken_off_for_as_long_as_the_work_took():
    assert Energy(joules=100.0, seconds=2.0).above(idle_watts=20.0) == 60.0
    assert idle_watts(find_nvml(0, FakeNvml(), {}), 0.2) == pytest.approx(100)


def test_work_is_repeated_until_the_minimum_has_passed_and_its_warm_up_does_not_count(clock):
    calls = []
    meter = find_nvml(0, FakeNvml(), {})

    def work():
        calls.append(1)
        clock.sleep(0.01)

    found = energy_per_run(meter, work, minimum_seconds=0.3, warmup=2)
    assert found.runs == len(calls) - 2
    assert found.seconds == pytest.approx(0.01) and found.runs >= 30
    assert found.joules == pytest.approx(1, rel=0.01)
    assert "J an image" in found.line(images=10)
    above = energy_per_run(meter, work, minimum_seconds=0.3, idle_watts=75.0)
    assert above.joules == pytest.approx(0.25, rel=0.01)
    assert above.watts == pytest.approx(100, rel=0.01)
    nothing = energy_per_run(meter, work, minimum_seconds=0.2, idle_watts=150.0)
    assert not nothing.measured and "too little to tell" in nothing.line()


def test_the_device_is_waited_for_within_the_measurement():
    calls = []
    energy_per_run(
        NotMeasurable("a test"), lambda: calls.append("work"), lambda: calls.append("wait"), 0.0
    )
    assert calls[-1] == "wait"


def test_without_a_meter_there_is_a_time_and_never_a_joule(clock):
    found = energy_per_run(NotMeasurable("a test"), lambda: clock.sleep(0.5), minimum_seconds=0.0)
    assert found.joules is None and found.watts is None and found.seconds == 0.5
    assert "not measurable here" in found.line()


def test_every_device_has_a_meter_or_a_reason():
    for device in ("cpu", "mps", "cuda:first", "abacus"):
        found = find_meter(device)
        assert found or found.reason


def test_the_estimate_is_the_sum_of_its_parts():
    layers = estimate()
    arithmetic = sum(layer.arithmetic for layer in layers)
    assert arithmetic == pytest.approx(MACS * 4.6e-12)
    parameters = sum(layer.parameters for layer in layers)
    assert parameters == pytest.approx(PARAMETERS * 640e-12)
    assert sum(layer.total for layer in layers) > arithmetic + parameters


def test_a_batch_shares_its_parameters_and_a_buffer_spares_the_maps():
    one, hundred = estimate(batch=1), estimate(batch=100)
    for a, b in zip(one, hundred, strict=True):
        assert b.parameters == pytest.approx(a.parameters / 100)
        assert (b.arithmetic, b.maps) == (a.arithmetic, a.maps)
    maps = sum(layer.maps for layer in estimate(maps_on_chip=True))
    assert maps == pytest.approx((64 * 64 * 3 + 200) * 640e-12)


def test_bytes_move_for_a_quarter_of_the_energy_of_floats():
    for wide, narrow in zip(estimate(FLOAT32), estimate(INT8), strict=True):
        assert narrow.parameters == pytest.approx(wide.parameters / 4)
        assert narrow.maps == pytest.approx(wide.maps / 4)
