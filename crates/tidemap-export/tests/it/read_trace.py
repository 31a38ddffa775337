"""Reads a trace with the descriptions that Perfetto publishes, or Chrome's JSON strictly, and says what it shows.

    read_trace.py perfetto FILE     with the PyPI packages perfetto and protobuf
    read_trace.py chrome FILE       Python's own JSON parser

Prints {"slices": [[track, name, begin ns, end ns, {detail: value}]], "counters": {track: [[ns, value]]},
"instants": [[track, name, ns]], "flows": n}. A broken rule of the format is an error.
"""

import json
import sys
from fractions import Fraction


def fail(why):
    sys.exit(f"read_trace: {why}")


class Seen:
    def __init__(self):
        self.open, self.latest = {}, {}
        self.slices, self.counters, self.instants = [], {}, []
        self.flows, self.arrows = {}, 0

    def at(self, track, name, time):
        if time < self.latest.get(track, 0):
            fail(f"time falls on {name}: {self.latest[track]} then {time}")
        self.latest[track] = time

    def begin(self, track, name, time, args):
        self.open.setdefault(track, []).append((name, time, args))

    def end(self, track, path, time, args):
        if not self.open.get(track):
            fail(f"a slice ends on {path} at {time} that never began")
        name, begun, details = self.open[track].pop()
        self.slices.append([path, name, begun, time, {**details, **args}])

    def leaves(self, flow, time):
        if flow in self.flows:
            fail(f"arrow {flow} begins twice")
        self.flows[flow] = time

    def arrives(self, flow, time):
        if self.flows.pop(flow, None) is None:
            fail(f"arrow {flow} ends without a beginning")
        self.arrows += 1

    def finish(self):
        left = {track: slices for track, slices in self.open.items() if slices}
        if left:
            fail(f"slices that never end: {left}")
        if self.flows:
            fail(f"arrows that never end: {self.flows}")
        json.dump({"slices": self.slices, "counters": self.counters, "instants": self.instants,
                   "flows": self.arrows}, sys.stdout)


def known_fields_only(message):
    from google.protobuf import unknown_fields
    unknown = unknown_fields.UnknownFieldSet(message)
    if len(unknown):
        fail(f"{message.DESCRIPTOR.full_name} has unknown fields {[f.field_number for f in unknown]}")
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if field.is_repeated else [value]:
                known_fields_only(each)


def read_perfetto(data):
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as p
    trace = p.Trace()
    if trace.ParseFromString(data) != len(data):
        fail("bytes are left over")
    known_fields_only(trace)
    tracks, paths, seen = {}, {}, Seen()
    event_types = p.TrackEvent.Type
    for packet in trace.packet:
        if not packet.trusted_packet_sequence_id:
            fail("a packet of no sequence")
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            parent = track.parent_uuid if track.HasField("parent_uuid") else None
            if parent is not None and parent not in tracks:
                fail(f"track {track.uuid} stands before its parent")
            if track.HasField("process") and not track.process.pid:
                fail("a process without a number")
            tracks[track.uuid] = track
            grouped = parent is not None and not tracks[parent].HasField("process")
            paths[track.uuid] = f"{paths[parent]} {track.name}" if grouped else track.name
        if not packet.HasField("track_event"):
            continue
        event, time = packet.track_event, packet.timestamp
        if event.track_uuid not in tracks:
            fail(f"an event on track {event.track_uuid}, which is not described")
        track, path = event.track_uuid, paths[event.track_uuid]
        is_counter = tracks[track].HasField("counter")
        if is_counter != (event.type == event_types.TYPE_COUNTER):
            fail(f"{event_types.Name(event.type)} on {path}")
        seen.at(track, path, time)
        args = {}
        for note in event.debug_annotations:
            args[note.name] = getattr(note, note.WhichOneof("value"))
        if event.type == event_types.TYPE_SLICE_BEGIN:
            seen.begin(track, event.name, time, args)
            for flow in event.flow_ids:
                seen.leaves(flow, time)
            for flow in event.terminating_flow_ids:
                seen.arrives(flow, time)
        elif event.type == event_types.TYPE_SLICE_END:
            seen.end(track, path, time, args)
        elif event.type == event_types.TYPE_INSTANT:
            seen.instants.append([path, event.name, time])
        elif event.type == event_types.TYPE_COUNTER:
            if event.WhichOneof("counter_value_field") != "counter_value":
                fail(f"a counter without a whole value on {path}")
            seen.counters.setdefault(path, []).append([time, event.counter_value])
        else:
            fail(f"an event of no type on {path}")
    seen.finish()


def each_key_once(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        fail(f"a key stands twice: {keys}")
    return dict(pairs)


def ns(event):
    time = Fraction(event["ts"]) * 1000
    if time.denominator != 1 or time < 0:
        fail(f"a time that is no whole nanosecond: {event}")
    return int(time)


def read_chrome(data):
    trace = json.loads(data.decode("utf-8"), object_pairs_hook=each_key_once, parse_float=str,
                       parse_constant=lambda name: fail(f"{name} is no JSON"))
    if trace["displayTimeUnit"] not in ("ms", "ns"):
        fail("an unknown displayTimeUnit")
    names, seen = {}, Seen()
    for event in trace["traceEvents"]:
        phase = event["ph"]
        if not isinstance(event["pid"], int) or not isinstance(event.get("tid", 0), int):
            fail(f"pid and tid are numbers: {event}")
        track = event.get("tid")
        if phase == "M":
            if event["name"] == "thread_name":
                names[track] = event["args"]["name"]
            elif event["name"] not in ("process_name", "thread_sort_index", "process_sort_index"):
                fail(f"unknown metadata: {event}")
            continue
        time = ns(event)
        if phase == "C":
            (value,) = event["args"].values()
            if not isinstance(value, int):
                fail(f"a counter is a number: {event}")
            seen.counters.setdefault(event["name"], []).append([time, value])
            continue
        path = names.get(track)
        if path is None:
            fail(f"an event on a thread without a name: {event}")
        seen.at(track, path, time)
        args = event.get("args", {})
        if phase == "B":
            seen.begin(track, event["name"], time, args)
        elif phase == "E":
            seen.end(track, path, time, args)
        elif phase == "s":
            seen.leaves(event["id"], time)
        elif phase == "f":
            if event.get("bp") != "e":
                fail(f"an arrow that would end at the next slice: {event}")
            seen.arrives(event["id"], time)
        elif phase == "i":
            if event["s"] not in ("g", "p", "t"):
                fail(f"an instant of no scope: {event}")
            seen.instants.append([path, event["name"], time])
        else:
            fail(f"unknown phase: {event}")
        if phase in "sf" and (not event.get("cat") or not event.get("name")):
            fail(f"arrows are joined by id, cat and name: {event}")
    seen.finish()


if __name__ == "__main__":
    kind, path = sys.argv[1:]
    with open(path, "rb") as file:
        content = file.read()
    {"perfetto": read_perfetto, "chrome": read_chrome}[kind](content)
